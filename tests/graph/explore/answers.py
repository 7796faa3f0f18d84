"""What each statement for analysts answers in the garden, counted by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.graph.explore.sample_graph import BEGIN


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of `cypher/explore/<name>` as `legible` shows them."""

    name: str
    arguments: Mapping[str, object]
    rows: Sequence[tuple[object, ...]]


def legible(value: object) -> object:
    """Times in hours since the beginning, numbers with three places."""
    match value:
        case datetime():
            return f"{(value - BEGIN).total_seconds() / 3600:+g}h"
        case date():
            return value.isoformat()
        case float():
            return round(value, 3)
        case _:
            return value


ANSWERS: Sequence[Answer] = (
    Answer(
        "acceptance_by_language",
        {},
        [
            ("en", "assistant", 9, 7, 1, 1, 0.875),
            ("en", "prompter", 7, 6, 0, 1, 1.0),
            ("fr", "prompter", 2, 2, 0, 0, 1.0),
            ("de", "assistant", 1, 1, 0, 0, 1.0),
            ("de", "prompter", 1, 1, 0, 0, 1.0),
        ],
    ),
    Answer(
        "active_people",
        {},
        [
            ("2026-03-01", 5, 8, 4, 5, 0, 0),
            ("2026-03-02", 6, 9, 3, 4, 4, 6),
            ("2026-03-03", 3, 3, 0, 0, 0, 0),
            ("2026-03-04", 1, 1, 0, 0, 0, 0),
        ],
    ),
    Answer(
        "against_the_crowd",
        {},
        [
            ("eve", "Eve", 2, 4, 1, 0.25),
            ("ada", "Ada", 2, 4, 0, 0.0),
            ("fay", "Fay", 1, 3, 0, 0.0),
            ("bob", "Bob", 1, 1, 0, 0.0),
        ],
    ),
    Answer(
        "best_threads",
        {},
        [
            ("moon", "en", "initial_prompt_review", 1, 0, ["moon"], ["Is the moon wet?"]),
            ("owl", "en", "growing", 1, 0, ["owl"], ["Who is there?"]),
            ("pourquoi", "fr", "scoring_failed", 1, 0, ["pourquoi"], ["Pourquoi ?"]),
            (
                "rain",
                "en",
                "ready_for_export",
                4,
                2,
                ["rain", "water", "why", "heavy"],
                ["What is rain?", "Water that falls from the sky.", "And why does it fall?", "Because it is heavy."],
            ),
            ("regen", "de", "ready_for_export", 2, 1, ["regen", "wasser"], ["Was ist Regen?", "Wasser."]),
            ("rude", "fr", "halted_by_moderator", 1, 0, ["rude"], ["You are stupid."]),
            ("snow", "en", "growing", 2, 0, ["snow", "ice"], ["What is snow?", "Frozen water."]),
            ("song", "en", "prompt_lottery_waiting", 1, 0, ["song"], ["Sing a song."]),
            ("story", "en", "prompt_lottery_waiting", 1, 0, ["story"], ["Tell a story."]),
        ],
    ),
    Answer("close_calls", {}, [("rain", "rain", "en", 1, 3, 3, "water", "weather")]),
    Answer("contested_reviews", {}, [("rain", "advert", "en", 3, 0.0, 1.0, 0.667, 0.471, False, False)]),
    Answer(
        "depths",
        {},
        [
            (0, "prompter", 8, 1, 0, 0),
            (1, "assistant", 6, 1, 1, 1),
            (2, "prompter", 1, 0, 0, 0),
            (3, "assistant", 2, 0, 0, 0),
        ],
    ),
    Answer("disagreement", {}, [("rain", "rain", "en", "water", "weather", 2, 1)]),
    Answer("duplicate_texts", {}, [("Water that falls from the sky.", 2, 2, 2, "again")]),
    Answer("edited_posts", {}, [("snow", "ice", "ada", 1, ["fay"], True, "Frozen.", "Frozen water.", "+40h")]),
    Answer(
        "growth_by_day",
        {},
        [
            ("2026-03-01", 1, 6, 1, 1, 0, 2),
            ("2026-03-02", 6, 3, 0, 0, 1, 0),
            ("2026-03-03", 1, 2, 0, 0, 0, 0),
            ("2026-03-04", 1, 0, 0, 0, 0, 0),
        ],
    ),
    Answer(
        "label_means",
        {},
        [
            ("rain", "advert", "spam", 0.667, 0.471, 3, False),
            ("rain", "water", "quality", 0.75, 0.204, 3, False),
            ("rain", "water", "spam", 0.0, 0.0, 3, False),
            ("rain", "wet", "quality", 0.25, 0.0, 2, False),
            ("rain", "wet", "spam", 0.0, 0.0, 2, False),
            ("regen", "wasser", "quality", 0.75, None, 3, True),
            ("snow", "cold", "spam", 0.0, 0.0, 1, False),
        ],
    ),
    Answer(
        "label_values",
        {},
        [
            ("quality", False, 0.25, 2),
            ("quality", False, 0.5, 1),
            ("quality", False, 0.75, 1),
            ("quality", False, 1.0, 1),
            ("quality", True, 0.75, 1),
            ("spam", False, 0.0, 7),
            ("spam", False, 1.0, 2),
        ],
    ),
    Answer(
        "labels_by_rank",
        {},
        [
            ("quality", 0, 2, 0.75, 0.0),
            ("quality", 2, 1, 0.25, 0.0),
            ("spam", 0, 1, 0.0, 0.0),
            ("spam", 2, 1, 0.0, 0.0),
        ],
    ),
    Answer(
        "guideline_versions",
        {},
        [
            ("assistant_reply", "en", 1, 2, 2, 0, 3600.0, 2, 1.0),
            ("assistant_reply", "en", 2, 3, 0, 2, None, 0, None),
            ("rank_assistant_replies", "en", 1, 1, 1, 0, 1800.0, 0, None),
        ],
    ),
    Answer("guideline_versions", {"lang": "de"}, []),
    Answer("language_switches", {}, [("de", "en", "assistant", 1, 1, 1, "again")]),
    Answer("conversation_ends", {}, [(1, 6, 0, 0, 1, 0, 0, 2), (3, 2, 1, 1, 0, 0, 2, 1)]),
    Answer("conversation_ends", {"lang": "de"}, [(1, 1, 0, 0, 0, 0, 0, 0)]),
    Answer("leases_now", {}, [("initial_prompt", "de", 0, 1, 0, None), ("prompter_reply", "en", 1, 0, 1, "+647244h")]),
    Answer(
        "length_by_rank",
        {},
        [
            (0, 3, 19.0, 11.533, 20.0, 3, 2, 0.667),
            (1, 3, 18.667, 11.015, 18.0, 1, 1, 1.0),
            (2, 1, 4.0, 0.0, 4.0, 0, 0, None),
        ],
    ),
    Answer(
        "life_of_a_task",
        {"task": "too hard"},
        [
            ("+24.5h", "handed out", "eve", "assistant_reply", "snow"),
            ("+24.6h", "acknowledged", "eve", "ack of too hard", "snow"),
            ("+25h", "skipped", "eve", "too hard", "snow"),
        ],
    ),
    Answer("lonely_posts", {}, [("snow", "ice", "en", "assistant", 1, 0, 1, 0, "+25h", "Frozen water.")]),
    Answer("margins", {}, [(0, None, 1, 2.0), (3, 1, 1, 3.0), (3, 3, 1, 2.0)]),
    Answer("model_duels", {}, [("parrot-1", None, 9, 0, 0.0, 3)]),
    Answer("models", {}, [(None, 8, 0.857, 5, 0.4, 0.6, None, None), ("parrot-1", 2, 1.0, 2, 1.5, 0.0, 3, 0.0)]),
    Answer(
        "open_places",
        {},
        [
            ("assistant_reply", "en", 1, 1, 1, "+24h"),
            ("label_assistant_reply", "en", 1, 2, 1, "+26h"),
            ("label_initial_prompt", "en", 1, 3, 1, "+70h"),
            ("prompter_reply", "en", 1, 1, 0, "+25h"),
            ("rank_initial_prompts", "en", 1, 2, 1, "+24h"),
        ],
    ),
    Answer(
        "pairs_of_people",
        {"at_least": 1},
        [
            ("ada", "bob", 3, 3, 1),
            ("cat", "ada", 2, 1, 0),
            ("cat", "bob", 2, 2, 0),
            ("dan", "ada", 2, 1, 0),
            ("bob", "ada", 1, 1, 3),
            ("dan", "bob", 1, 1, 0),
            ("eve", "ada", 1, 1, 0),
        ],
    ),
    Answer(
        "people",
        {},
        [
            ("ada", "Ada", 11, 1, 3, 4, 0, 1.0, 3, 2, 1, "+0h", "+49h"),
            ("bob", "Bob", 9, 2, 1, 3, 0, 1.0, 3, 1, 2, "+1h", "+48h"),
            ("cat", "Cat", 7, 1, 4, 4, 0, 1.0, 2, 0, 1, "+3h", "+50h"),
            ("dan", "Dan", 6, 1, 3, 3, 0, 1.0, 1, 0, 0, "+3.5h", "+26h"),
            ("eve", "Eve", 6, 2, 1, 2, 1, 0.667, 0, 2, 1, "+6h", "+27h"),
            ("fay", "Fay", 4, 2, 0, 1, 0, 1.0, 0, 2, 1, "+26h", "+70h"),
        ],
    ),
    Answer(
        "position_bias",
        {},
        [
            (2, 0, 3, 2, 0.667, 0.333),
            (2, 1, 3, 1, 0.333, 0.667),
            (3, 0, 3, 2, 0.667, 0.667),
            (3, 1, 3, 1, 0.333, 1.0),
            (3, 2, 3, 0, 0.0, 1.333),
        ],
    ),
    Answer(
        "preference_pairs",
        {},
        [
            (
                "rain",
                "rain",
                "What is rain?",
                "Water that falls from the sky.",
                "A kind of weather.",
                "water",
                "weather",
                [0, 1],
                1,
                3,
            ),
            ("rain", "rain", "What is rain?", "Water that falls from the sky.", "Wet.", "water", "wet", [0, 2], 3, 3),
            ("rain", "rain", "What is rain?", "A kind of weather.", "Wet.", "weather", "wet", [1, 2], 3, 3),
            (
                "rain",
                "why",
                "And why does it fall?",
                "Because it is heavy.",
                "Gravity.",
                "heavy",
                "gravity",
                [0, 1],
                3,
                3,
            ),
            (
                "regen",
                "regen",
                "Was ist Regen?",
                "Wasser.",
                "Water that falls from the sky.",
                "wasser",
                "again",
                [0, 1],
                None,
                0,
            ),
        ],
    ),
    Answer(
        "prompts_waiting",
        {},
        [
            ("story", "en", "dan", 26.5, 5.25, 1, "+30h", "Tell a story."),
            ("song", "en", "eve", None, None, 1, "+31h", "Sing a song."),
        ],
    ),
    Answer(
        "ranked_trees",
        {},
        [
            ("rain", "en", "ready_for_export", 8, 5, 3),
            ("regen", "de", "ready_for_export", 3, 2, 1),
            ("snow", "en", "growing", 3, 0, 1),
            ("moon", "en", "initial_prompt_review", 1, 0, 0),
            ("owl", "en", "growing", 1, 0, 0),
            ("pourquoi", "fr", "scoring_failed", 1, 0, 0),
            ("rude", "fr", "halted_by_moderator", 1, 0, 0),
            ("song", "en", "prompt_lottery_waiting", 1, 0, 0),
            ("story", "en", "prompt_lottery_waiting", 1, 0, 0),
        ],
    ),
    Answer(
        "reactions",
        {},
        [
            ("+1", False, 3, 2, 3),
            ("+1", True, 2, 1, None),
            ("_skip_reply", False, 2, 1, 2),
            ("red_flag", False, 2, 1, 2),
            ("-1", False, 1, 1, 1),
        ],
    ),
    Answer(
        "reply_latency",
        {},
        [("assistant", 1, 8, 1.0, 2.0, 3.9), ("assistant", 3, 1, 2.0, 2.0, 2.0), ("prompter", 2, 1, 1.0, 1.0, 1.0)],
    ),
    Answer(
        "reports_and_flags", {}, [("rain", "advert", "eve", 1, 2, False, "+15h", ["This is an advertisement."], False)]
    ),
    Answer("reviewer_agreement", {}, [("quality", 2, 4, 0.25, 0.25, 0.55), ("spam", 3, 7, 0.714, 0.286, 0.25)]),
    Answer(
        "root_to_leaf_threads",
        {},
        [
            ("moon", "en", "moon", 1, ["moon"], ["prompter"], ["Is the moon wet?"]),
            ("owl", "en", "owl", 1, ["owl"], ["prompter"], ["Who is there?"]),
            ("pourquoi", "fr", "pourquoi", 1, ["pourquoi"], ["prompter"], ["Pourquoi ?"]),
            (
                "rain",
                "en",
                "gravity",
                4,
                ["rain", "water", "why", "gravity"],
                ["prompter", "assistant", "prompter", "assistant"],
                ["What is rain?", "Water that falls from the sky.", "And why does it fall?", "Gravity."],
            ),
            (
                "rain",
                "en",
                "heavy",
                4,
                ["rain", "water", "why", "heavy"],
                ["prompter", "assistant", "prompter", "assistant"],
                ["What is rain?", "Water that falls from the sky.", "And why does it fall?", "Because it is heavy."],
            ),
            (
                "rain",
                "en",
                "weather",
                2,
                ["rain", "weather"],
                ["prompter", "assistant"],
                ["What is rain?", "A kind of weather."],
            ),
            ("rain", "en", "wet", 2, ["rain", "wet"], ["prompter", "assistant"], ["What is rain?", "Wet."]),
            (
                "regen",
                "de",
                "again",
                2,
                ["regen", "again"],
                ["prompter", "assistant"],
                ["Was ist Regen?", "Water that falls from the sky."],
            ),
            ("regen", "de", "wasser", 2, ["regen", "wasser"], ["prompter", "assistant"], ["Was ist Regen?", "Wasser."]),
            ("rude", "fr", "rude", 1, ["rude"], ["prompter"], ["You are stupid."]),
            (
                "snow",
                "en",
                "cold",
                2,
                ["snow", "cold"],
                ["prompter", "assistant"],
                ["What is snow?", "Something cold."],
            ),
            ("snow", "en", "ice", 2, ["snow", "ice"], ["prompter", "assistant"], ["What is snow?", "Frozen water."]),
            ("song", "en", "song", 1, ["song"], ["prompter"], ["Sing a song."]),
            ("story", "en", "story", 1, ["story"], ["prompter"], ["Tell a story."]),
        ],
    ),
    Answer(
        "shape_by_language",
        {},
        [("en", 6, 14, 2.333, 0.667, 3, 2.0), ("de", 1, 3, 3.0, 1.0, 1, 2.0), ("fr", 2, 2, 1.0, 0.0, 0, None)],
    ),
    Answer("skippers", {}, [("eve", "Eve", 1, 1, 0, 1.0), ("fay", "Fay", 2, 1, 0, 0.5)]),
    Answer("skips", {}, [("assistant_reply", "en", "too hard", 1, 1, 5), ("assistant_reply", "en", None, 1, 1, 5)]),
    Answer(
        "stuck_trees",
        {},
        [
            ("owl", "en", "growing", "no post of it wants anything", "+30h", "+24h"),
            ("rude", "fr", "halted_by_moderator", "halted by a moderator", "+28h", "+27h"),
            ("song", "en", "prompt_lottery_waiting", "its author is away", "+31h", "+25h"),
            ("pourquoi", "fr", "scoring_failed", "its scoring failed", "+50h", "+26h"),
        ],
    ),
    Answer(
        "task_funnel",
        {},
        [
            ("assistant_reply", 5, 4, 2, 2, 1, 0, 0.4),
            ("initial_prompt", 2, 1, 1, 0, 0, 1, 0.5),
            ("label_assistant_reply", 1, 1, 1, 0, 0, 0, 1.0),
            ("prompter_reply", 1, 1, 0, 0, 0, 1, 0.0),
            ("rank_assistant_replies", 1, 1, 1, 0, 0, 0, 1.0),
        ],
    ),
    Answer(
        "text_lengths",
        {},
        [
            ("en", "assistant", 8, 17.25, 6.8, 16.5, 30.0, 30),
            ("en", "prompter", 7, 14.429, 12.6, 13.0, 18.0, 21),
            ("fr", "prompter", 2, 12.5, 10.5, 12.5, 14.5, 15),
            ("de", "assistant", 1, 7.0, 7.0, 7.0, 7.0, 7),
            ("de", "prompter", 1, 14.0, 14.0, 14.0, 14.0, 14),
        ],
    ),
    Answer(
        "thread",
        {"post": "heavy"},
        [
            (0, "rain", "prompter", "ada", "en", True, None, None, 0, 0, "+0h", "What is rain?"),
            (1, "water", "assistant", "bob", "en", True, None, 0, 3, 2, "+1h", "Water that falls from the sky."),
            (2, "why", "prompter", "ada", "en", True, None, None, 0, 0, "+2h", "And why does it fall?"),
            (3, "heavy", "assistant", "cat", "en", True, True, 0, 1, 0, "+4h", "Because it is heavy."),
        ],
    ),
    Answer(
        "time_to_answer",
        {},
        [
            ("assistant_reply", 2, 36.0, 60.0, 84.0, 90.0),
            ("initial_prompt", 1, 30.0, 30.0, 30.0, 30.0),
            ("label_assistant_reply", 1, 15.0, 15.0, 15.0, 15.0),
            ("rank_assistant_replies", 1, 30.0, 30.0, 30.0, 30.0),
        ],
    ),
    Answer(
        "time_to_finish",
        {},
        [("de", False, 1, 24.0, 24.0, 24.0, 24.0, 24.0), ("en", False, 1, 48.0, 48.0, 48.0, 48.0, 48.0)],
    ),
    Answer(
        "tree_in_detail",
        {"tree": "rain"},
        [
            (0, "rain", "prompter", "ada", None, True, False, 0, 4, None, "What is rain?"),
            (1, "water", "assistant", "bob", 0, True, False, 3, 1, None, "Water that falls from the sky."),
            (2, "why", "prompter", "ada", None, True, False, 0, 2, None, "And why does it fall?"),
            (3, "heavy", "assistant", "cat", 0, True, False, 0, 0, None, "Because it is heavy."),
            (3, "gravity", "assistant", "dan", 1, True, False, 0, 0, None, "Gravity."),
            (1, "weather", "assistant", "cat", 1, True, False, 0, 0, None, "A kind of weather."),
            (1, "wet", "assistant", "dan", 2, True, False, 2, 0, None, "Wet."),
            (1, "advert", "assistant", "eve", None, False, False, 3, 0, None, "Buy umbrellas!"),
        ],
    ),
    Answer(
        "tree_states",
        {},
        [
            ("growing", "en", 2, "+30h", "+30h"),
            ("halted_by_moderator", "fr", 1, "+28h", "+28h"),
            ("initial_prompt_review", "en", 1, None, None),
            ("prompt_lottery_waiting", "en", 2, "+30h", "+31h"),
            ("ready_for_export", "de", 1, "+72h", "+72h"),
            ("ready_for_export", "en", 1, "+48h", "+48h"),
            ("scoring_failed", "fr", 1, "+50h", "+50h"),
        ],
    ),
    # Asked for something narrower
    Answer(
        "root_to_leaf_threads",
        {"tree": "snow", "limit": 1},
        [("snow", "en", "cold", 2, ["snow", "cold"], ["prompter", "assistant"], ["What is snow?", "Something cold."])],
    ),
    Answer(
        "best_threads",
        {"state": "growing", "lang": "en"},
        [
            ("owl", "en", "growing", 1, 0, ["owl"], ["Who is there?"]),
            ("snow", "en", "growing", 2, 0, ["snow", "ice"], ["What is snow?", "Frozen water."]),
        ],
    ),
    Answer("thread", {"post": "nothing"}, []),
    Answer(
        "tree_in_detail",
        {"tree": "snow"},
        [
            (0, "snow", "prompter", "bob", None, True, False, 0, 3, "assistant_reply", "What is snow?"),
            (1, "ice", "assistant", "ada", None, True, False, 0, 0, "prompter_reply", "Frozen water."),
            (1, "cold", "assistant", "cat", None, None, False, 1, 0, "label_assistant_reply", "Something cold."),
            (1, "gone", "assistant", "dan", None, True, True, 0, 0, None, "Nothing."),
        ],
    ),
    Answer(
        "close_calls",
        {"at_most": 3},
        [("rain", "rain", "en", 1, 3, 3, "water", "weather"), ("rain", "why", "en", 3, 3, 2, "heavy", "gravity")],
    ),
    Answer("close_calls", {"at_most": 0}, []),
    Answer("against_the_crowd", {"at_least": 2}, [("eve", "Eve", 2, 4, 1, 0.25), ("ada", "Ada", 2, 4, 0, 0.0)]),
    Answer(
        "preference_pairs",
        {"margin": 2},
        [
            ("rain", "rain", "What is rain?", "Water that falls from the sky.", "Wet.", "water", "wet", [0, 2], 3, 3),
            ("rain", "rain", "What is rain?", "A kind of weather.", "Wet.", "weather", "wet", [1, 2], 3, 3),
            (
                "rain",
                "why",
                "And why does it fall?",
                "Because it is heavy.",
                "Gravity.",
                "heavy",
                "gravity",
                [0, 1],
                3,
                3,
            ),
        ],
    ),
    Answer(
        "preference_pairs",
        {"tree": "rain", "adjacent": True, "limit": 2},
        [
            (
                "rain",
                "rain",
                "What is rain?",
                "Water that falls from the sky.",
                "A kind of weather.",
                "water",
                "weather",
                [0, 1],
                1,
                3,
            ),
            ("rain", "rain", "What is rain?", "A kind of weather.", "Wet.", "weather", "wet", [1, 2], 3, 3),
        ],
    ),
    Answer("contested_reviews", {"label": "quality"}, [("rain", "water", "en", 3, 0.5, 1.0, 0.75, 0.204, True, False)]),
    Answer(
        "label_means",
        {"label": "quality", "lang": "en"},
        [("rain", "water", "quality", 0.75, 0.204, 3, False), ("rain", "wet", "quality", 0.25, 0.0, 2, False)],
    ),
    Answer("label_means", {"tree": "regen"}, [("regen", "wasser", "quality", 0.75, None, 3, True)]),
    Answer("reviewer_agreement", {"posts": 1}, [("spam", 1, 3, 0.333, 0.667, 0.667)]),
    Answer("labels_by_rank", {"posts": 1}, [("quality", 0, 1, 0.75, 0.0)]),
    Answer("labels_by_rank", {"lang": "de"}, [("quality", 0, 1, 0.75, 0.0)]),
    Answer("preference_pairs", {"state": "growing"}, []),
    Answer("length_by_rank", {"lang": "de"}, [(0, 1, 7.0, 0.0, 7.0, 1, 0, 0.0), (1, 1, 30.0, 0.0, 30.0, 0, 0, None)]),
    Answer("text_lengths", {"posts": 1}, [("en", "assistant", 1, 30.0, 30.0, 30.0, 30.0, 30)]),
    Answer(
        "lonely_posts",
        {"replies": 2},
        [
            ("snow", "snow", "en", "prompter", 0, 2, 1, 2, "+24h", "What is snow?"),
            ("snow", "ice", "en", "assistant", 1, 0, 1, 0, "+25h", "Frozen water."),
        ],
    ),
    Answer("skippers", {"kind": "label_assistant_reply"}, []),
    Answer(
        "life_of_a_task",
        {"task": "review water"},
        [
            ("+6.75h", "handed out", "ada", "label_assistant_reply", "water"),
            ("+6.8h", "acknowledged", "ada", "ack of review water", "water"),
            ("+7h", "gave", "ada", "ada of water", "water"),
            ("+7h", "done", "ada", None, "water"),
        ],
    ),
    Answer(
        "life_of_a_task",
        {"task": "forgotten"},
        [
            ("+26h", "handed out", "dan", "assistant_reply", "snow"),
            ("+26.1h", "acknowledged", "dan", "ack of forgotten", "snow"),
            ("+74h", "expires", None, None, "snow"),
        ],
    ),
    Answer("pairs_of_people", {"at_least": 3}, [("ada", "bob", 3, 3, 1)]),
    Answer("reports_and_flags", {"processed": True}, []),
    Answer("duplicate_texts", {"at_least": 31}, []),
    Answer("duplicate_texts", {"lang": "en", "limit": 1}, [("Water that falls from the sky.", 2, 2, 2, "again")]),
)
"""First what each answers when it is asked for everything, or for one thing where it has to be told which."""
