import sys
import time

from oa_graph import client as oa

url, key, name, *kinds = sys.argv[1:]
user = oa.Client(url, key).user(name)


def patiently(call):
    """Repeat a call while the service is away or has no task. Ids and keys stay the same."""
    while True:
        try:
            return call()
        except (oa.NothingToDo, oa.RateLimited, oa.TryLater, oa.ConnectionLost) as error:
            print(error, flush=True)
            time.sleep(getattr(error, "retry_after", None) or 5)


def ask(task):
    for message in oa.thread(task):
        print("assistant:" if message.is_assistant else "prompter:", message.text)
    match task:
        case oa.PromptTask() | oa.ReplyTask():
            text = input("Your message: ")
            return lambda: user.write(task, text)
        case oa.RankingTask():
            order = [int(place) for place in input(f"{[*enumerate(task.replies)]}\nBest first: ").split()]
            return lambda: user.rank(task, order)
        case oa.LabelTask():
            labels = {label.name: float(input(f"{label.display_text} (0 to 1): ")) for label in task.labels}
            return lambda: user.label(task, labels)


def work(task):
    patiently(lambda: user.acknowledge(task))
    while True:
        try:
            return patiently(ask(task))
        except oa.InvalidRequest as error:
            print(error.message)
        except (oa.Refused, oa.NotFound) as error:
            return print("Too late:", error.message)


patiently(lambda: user.register(accept_terms=True))
for open_task in patiently(user.open_tasks):
    work(open_task.task)
while True:
    work(patiently(lambda: user.request_task(*kinds)))
