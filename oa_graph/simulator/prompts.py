"""Initial prompts for the demo, written for this project and under its licence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and its language (a BCP 47 tag)."""

    text: str
    lang: str = "en"


def _in(lang: str, *texts: str) -> tuple[Prompt, ...]:
    return tuple(Prompt(text, lang) for text in texts)


PROMPTS: tuple[Prompt, ...] = (
    *_in(
        "en",
        "Why do cats knead blankets, and should I do anything about the holes in mine?",
        "My sourdough rises well but comes out flat. What could I change, one thing at a time?",
        "Explain to a ten-year-old why the sky is blue at noon and red in the evening.",
        "I have twenty minutes, two eggs, rice and a tired cabbage. What is for dinner?",
        "How do I tell a good friend that I cannot come to the wedding?",
        "What is the difference between a virus and a bacterium, and why does it matter for medicine?",
        "Write a short poem about a lighthouse keeper who is afraid of the dark. 🌊",
        "Which plants survive on a north-facing windowsill, even with somebody who forgets to water them?",
        "I want to run five kilometres by spring and have never run before. Please make me a plan.",
        "What does a garbage collector do in a programming language, and when does it get in the way?",
        "How could I explain recursion to my grandmother, who used to knit?",
        "Suggest three board games for two adults and a child of six. Why these?",
        "My bicycle chain jumps under load. How do I find out which part is worn?",
        "How are the tides made, and why are there two of them a day instead of one?",
        "Please proofread this: “Their going too loose there keys if they dont look.” Explain each fix.",
        "What should I ask a landlord before I sign for a flat?",
        "How does a heat pump warm a house when it is freezing outside?",
        "Give me five names for a small bakery that opens at night, and say what each one promises. 🥐",
        "I am learning the guitar. Which three songs need only three easy chords?",
        "What happened in the year without a summer, and how did people make sense of it?",
        "How do I read a scientific paper when I understand only half of the words?",
        "Compare trains and planes for a trip of 600 km: time, cost, climate and nerves.",
        "Why does an onion make me cry, and which of the usual tricks really help?",
        "Write a polite but firm message to a neighbour whose dog barks all morning.",
        "What is compound interest? Use an example with 100 coins, 5 % and ten years.",
        "How do bees decide where the swarm is going to live next?",
        "I have to give a speech of two minutes for my sister's birthday. Where do I begin?",
        "Which knots should everybody know, and what is each of them good for?",
        "How does encryption keep a message secret when everybody can see it on its way?",
        "What makes a good question? Please answer with questions only.",
        "My basil dies within two weeks, every single time. What am I doing wrong? 🌿",
        "Describe a walk through Rome in the year 100, as a tourist would.",
        "What is the quickest way to learn the names of thirty new pupils?",
        "How can I sleep better in a hot room without air conditioning?",
        "Explain the offside rule with salt shakers and spoons.",
        "Which stretches help after eight hours at a desk? No equipment, please.",
        "Why do languages borrow words from one another? Show me some that travelled far.",
        "How would you split a bill of 87.40 among five people when one of them had only a coffee?",
        "Invent a mythical creature that lives in washing machines and explain the missing socks. 🧦",
        "What can I cook for ten guests, two of them vegan and one allergic to nuts?",
        "How do vaccines teach the body something it has never met?",
        "I found a baby bird on the ground. What should I do first, and what not at all?",
        "What are prime numbers good for, outside of mathematics lessons?",
        "Help me write a regular expression that finds dates such as 2026-11-23, and explain each part.",
        "How do I start a compost heap on a balcony without annoying everybody?",
        "Why did people once believe in a flat map of the heavens, and who measured it better?",
        "Plan a rainy weekend in a small town for two people who like old books. ☔",
        "What is the difference between being kind and being nice? Give an example for each.",
        "How does a sewing machine make a stitch with two threads?",
        "I always say yes to extra work. Teach me three friendly ways to say no.",
    ),
    *_in(
        "de",
        "Warum ist Roggenbrot so viel dichter als Weizenbrot, und wie wird es trotzdem locker?",
        "Erkläre mir bitte den Unterschied zwischen „das“ und „dass“ mit drei Eselsbrücken.",
    ),
    *_in(
        "fr",
        "Comment garder un levain en vie pendant trois semaines de vacances ?",
        "Pourquoi dit-on « il pleut des cordes », et que dit-on ailleurs quand il pleut très fort ? ☂️",
    ),
    *_in(
        "es",
        "¿Cómo puedo aprender a distinguir «por» y «para» sin memorizar una lista entera?",
        "¿Qué árboles dan buena sombra en un patio pequeño y no levantan el suelo?",
    ),
    *_in(
        "ja",
        "味噌汁の出汁を一から取る方法を、初心者にもわかるように教えてください。",
        "俳句と川柳は何が違うのですか。それぞれ例を一つ作ってください。🍁",
    ),
    *_in(
        "ar",
        "كيف أشرح لطفلي لماذا يتغير شكل القمر كل ليلة؟ 🌙",
        "ما أفضل طريقة لتخزين التمر حتى يبقى طريًا طوال السنة؟",
    ),
    *_in(
        "hi",
        "घर पर दही जमाने का सबसे आसान तरीका क्या है, खासकर सर्दियों में?",
        "बच्चों को पहाड़े याद कराने के लिए कोई मज़ेदार खेल बताइए। 🎲",
    ),
)
"""More than half are English; six other languages have two each. All texts differ."""


def languages(prompts: Iterable[Prompt]) -> tuple[str, ...]:
    """Return the distinct languages of these prompts, in the order of their first use."""
    return tuple(dict.fromkeys(prompt.lang for prompt in prompts))


def choose(count: int, prompts: Sequence[Prompt] = PROMPTS, *, others: int = 6) -> tuple[Prompt, ...]:
    """Return the first `count` prompts, up to `others` of them in other languages than the first prompt's.

    The other languages alternate, so that a few prompts show many scripts.
    """
    main_language = prompts[0].lang
    other_languages = sorted(
        (prompt for prompt in prompts if prompt.lang != main_language),
        key=lambda prompt: [other for other in prompts if other.lang == prompt.lang].index(prompt),
    )[: min(others, count // 4)]
    return (
        *[prompt for prompt in prompts if prompt.lang == main_language][: count - len(other_languages)],
        *other_languages,
    )
