"""What users answer: texts, rankings, reviews, and labels that belong to no task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import uuid4

from oa_graph import graph, leaderboards, tree_lifecycle
from oa_graph.context import Context, Step
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, TextAnswer
from oa_graph.domain.users import ApiClient, User, UserIdentity
from oa_graph.errors import TaskNotAcknowledged, UserDisabled
from oa_graph.graph.outcomes import TaskOutcome
from oa_graph.graph.session import Tx
from oa_graph.graph.tasks import TaskResult
from oa_graph.graph.telemetry import record_task
from oa_graph.policy import growth, rating, scoring, search
from oa_graph.policy.kinds import KINDS
from oa_graph.policy.permissions import check_judge
from oa_graph.tasks.outcomes import answer_error, done_id


async def submit(context: Context, *, client: ApiClient, user: UserIdentity, answer: Answer) -> str:
    """Do what `Tasks.submit` describes."""
    return await _Submission(context, client, user).submit(answer)


@dataclass(frozen=True, slots=True)
class _Submission:
    """One answer of a user. Ids are made once, so that a statement that is sent again finds its own work."""

    context: Context
    client: ApiClient
    user: UserIdentity

    async def submit(self, answer: Answer) -> str:
        match answer:
            case TextAnswer():
                store = self._storing_text(answer)
            case RankingAnswer():
                store = self._storing_ranking(answer)
            case EndVoteAnswer():
                store = self._storing_end_vote(answer)
            case LabelAnswer(task=None, post=str(post)):
                return await self._store_remark(answer, post)
            case LabelAnswer():
                store = self._storing_review(answer)
            case _:
                assert_never(answer)
        result = await store()
        if result.outcome is TaskOutcome.UNKNOWN_USER:  # the first answer of a user who joins a collective task
            await self._upsert_user()
            result = await store()
        record_task(result.kind, result.outcome)
        if result.outcome is TaskOutcome.NO_TASK and (task := await self._unacknowledged_task(answer)):
            raise TaskNotAcknowledged(id=task)
        if result.outcome not in (TaskOutcome.STORED, TaskOutcome.REPEATED):
            raise answer_error(result, answer, self.user, self.context.limits)
        return done_id(result.task_id, result.user_id)

    async def _unacknowledged_task(self, answer: Answer) -> str | None:
        """Return the task that an answer with an unknown ack id was meant for, if only one can be meant."""
        kinds = [kind for kind, spec in KINDS.items() if spec.answer is type(answer)]
        tasks = await graph.tasks.unacknowledged(
            self.context.store, client=self.client.id, user=self.user, kinds=kinds, now=self.context.clock()
        )
        return tasks[0] if len(tasks) == 1 and not isinstance(answer, LabelAnswer) else None

    def _storing_text(self, answer: TextAnswer) -> _Work:
        limits = self.context.limits
        post, goal = str(uuid4()), growth.goal(limits, self.context.rng)

        async def store() -> TaskResult:
            return await graph.tasks.submit_text(
                self.context.store,
                client=self.client,
                user=self.user,
                answer=_in_open_lang(answer, limits),
                post=post,
                goal=goal,
                labels=search.LABELS,
                limits=limits,
                now=self.context.clock(),
            )

        return store

    def _storing_review(self, answer: LabelAnswer) -> _Work:
        id = str(uuid4())

        async def store(tx: Tx) -> TaskResult:
            step = self.context.step(tx)
            result = await graph.tasks.submit_review(
                tx,
                client=self.client.id,
                user=self.user,
                answer=answer,
                conduct=scoring.label_points(answer.labels),
                review=id,
                limits=step.limits,
                now=step.now,
            )
            if result.outcome is TaskOutcome.STORED and result.post_id and result.tree_id and result.kind:
                await tree_lifecycle.apply_reviews(
                    step,
                    post=result.post_id,
                    tree=result.tree_id,
                    kind=result.kind,
                    reviews=result.reviews,
                    spam=result.spam or 0.0,
                    lang_mismatch=result.lang_mismatch or 0.0,
                    accepted=result.accepted,
                )
                if answer.is_report and result.user_id:
                    await _store_report(step, user=result.user_id, post=result.post_id, answer=answer)
            return result

        return lambda: self.context.store.transact(store)

    def _storing_ranking(self, answer: RankingAnswer) -> _Work:
        id = str(uuid4())

        async def store(tx: Tx) -> TaskResult:
            step = self.context.step(tx)
            result = await graph.tasks.submit_ranking(
                tx, client=self.client.id, user=self.user, answer=answer, ranking=id, now=step.now
            )
            if result.outcome is not TaskOutcome.STORED:
                return result
            if result.tree_id is None:
                await _rate_prompts(step, result.ranked)
            else:
                await tree_lifecycle.apply_ranking(step, result.tree_id)
            return result

        return lambda: self.context.store.transact(store)

    def _storing_end_vote(self, answer: EndVoteAnswer) -> _Work:
        id = str(uuid4())

        async def store(tx: Tx) -> TaskResult:
            step = self.context.step(tx)
            result = await graph.tasks.submit_end_vote(
                tx, client=self.client.id, user=self.user, answer=answer, vote=id, now=step.now
            )
            if result.outcome is TaskOutcome.STORED and result.post_id and result.votes_wanted is not None:
                await tree_lifecycle.apply_end_vote(
                    step,
                    post=result.post_id,
                    votes_for=result.votes_for,
                    votes_against=result.votes_against,
                    votes_wanted=result.votes_wanted,
                )
            return result

        return lambda: self.context.store.transact(store)

    async def _store_remark(self, answer: LabelAnswer, post: str) -> str:
        check_judge(self.client)
        user = await self._upsert_user()
        if user.deleted or not user.enabled:
            raise UserDisabled(id=self.user.name)
        store = _store_report if answer.is_report else _store_labels
        await self.context.store.transact(
            lambda tx: store(self.context.step(tx), user=user.id, post=post, answer=answer)
        )
        return str(uuid4())

    async def _upsert_user(self) -> User:
        return await graph.users.upsert(
            self.context.store,
            client=self.client.id,
            user=self.user,
            id=str(uuid4()),
            now=self.context.clock(),
            changes={},
        )


_Work = Callable[[], Awaitable[TaskResult]]


def _in_open_lang(answer: TextAnswer, limits: Limits) -> TextAnswer:
    """Drop a language that takes no new prompts: the prompt then has the language that it was requested in."""
    return replace(answer, lang=None) if answer.lang in limits.init_prompt_disabled_langs else answer


async def _rate_prompts(step: Step, ranked: Sequence[str]) -> None:
    ratings = await graph.trees.ratings(step.tx, ranked, new=rating.NEW)
    rated = rating.rate([ratings[id] for id in ranked])
    await graph.trees.rate(step.tx, dict(zip(ranked, rated, strict=True)), limits=step.limits)


async def _store_labels(step: Step, *, user: str, post: str, answer: LabelAnswer) -> None:
    """Keep a remark; it counts for the author of the post, and an earlier remark of the user no longer does."""
    remark = await graph.posts.remark(
        step.tx, user=user, post=post, labels=answer.labels, text=answer.text, now=step.now
    )
    if remark.author is not None and remark.live:
        for labels, amount in ((remark.before or {}, -1), (answer.labels, 1)):
            await leaderboards.credit_labels(
                step.tx, author=remark.author, created=remark.created, labels=labels, amount=amount
            )


async def _store_report(step: Step, *, user: str, post: str, answer: LabelAnswer) -> None:
    """Keep a report and flag the post for a moderator, even if this user has reported it before."""
    await graph.posts.report(
        step.tx,
        user=user,
        post=post,
        labels=answer.labels,
        conduct=scoring.label_points(answer.labels),
        text=answer.text,
        now=step.now,
    )
    await tree_lifecycle.react(step, user=user, post=post, emoji=EmojiCode.RED_FLAG, renew=True)
