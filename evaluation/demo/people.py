"""The customers of the demo world: who they are, where they live, and what is likely to trouble them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from evaluation.demo.chance import chance
from loopcare.customers.enums import ActivityTier, ValueTier

BRANDS = {"Northwind Plus": 45, "Northwind Go": 35, "Polar": 20}


@dataclass(frozen=True, slots=True)
class Place:
    """A region with its zone, its share of the customers, and how often its network is what troubles them."""

    code: str
    name: str
    zone: str
    share: int
    weak_network: int


PLACES = (
    Place("SH", "Shanghai", "Asia/Shanghai", 24, 2),
    Place("JS", "Jiangsu", "Asia/Shanghai", 21, 3),
    Place("ZJ", "Zhejiang", "Asia/Shanghai", 19, 3),
    Place("SC", "Sichuan", "Asia/Shanghai", 18, 7),
    Place("XJ", "Xinjiang", "Asia/Urumqi", 8, 9),
    Place("HK", "Hong Kong", "Asia/Hong_Kong", 10, 1),
)

# How often each cause is what troubles somebody; the weight of the network depends on the place.
CAUSES = {
    "billing.refund": 9,
    "billing.charge": 7,
    "billing.unclear": 4,
    "service.waiting": 6,
    "service.repeat": 4,
    "service.promise": 3,
    "product.price": 4,
    "product.fit": 3,
    "other": 2,
}
NETWORK = {"network.coverage": 5, "network.speed": 3, "network.voice": 2}

SURNAMES = (
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"), ("赵", "Zhao"),
    ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"), ("胡", "Hu"), ("朱", "Zhu"),
    ("高", "Gao"), ("林", "Lin"), ("何", "He"), ("郭", "Guo"), ("马", "Ma"), ("罗", "Luo"),
)  # fmt: skip
GIVEN = (
    ("敏", "Min"), ("静", "Jing"), ("伟", "Wei"), ("强", "Qiang"), ("磊", "Lei"), ("洋", "Yang"), ("艳", "Yan"),
    ("勇", "Yong"), ("杰", "Jie"), ("娟", "Juan"), ("涛", "Tao"), ("明", "Ming"), ("超", "Chao"), ("秀英", "Xiuying"),
    ("霞", "Xia"), ("平", "Ping"), ("建国", "Jianguo"), ("丽娜", "Lina"), ("子轩", "Zixuan"), ("雨桐", "Yutong"),
)  # fmt: skip
ENGLISH = ("Alice", "Ben", "Carol", "Daniel", "Emma", "Felix", "Grace", "Henry", "Iris", "James", "Karen", "Leo")

VALUE_TIERS = {ValueTier.STRATEGIC: 7, ValueTier.HIGH: 18, ValueTier.CORE: 45, ValueTier.BASIC: 30}
ACTIVITY_TIERS = {ActivityTier.ACTIVE: 40, ActivityTier.STEADY: 30, ActivityTier.FADING: 18, ActivityTier.SILENT: 12}
PLANS = ("Talk 38", "Data 59", "Data 99", "Family 159", "Business 299")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """One invented customer. `trouble` says how easily they are dissatisfied: 1 is usual, 3 is often."""

    reference: str
    name: str
    language: str
    brand: str
    region: str
    value_tier: str
    activity_tier: str
    plan: str
    tenure_months: int
    phone: str
    email: str
    trouble: float
    cause: str


def invent(*, number: int, seed: int) -> list[Person]:
    """`number` customers. Numbers lie in +86 100 0…, which nobody has, and addresses at example.com."""
    return [_person(index, chance("person", seed, index)) for index in range(1, number + 1)]


def weighted(rng: Random, weights: dict[T, int]) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def _person(index: int, rng: Random) -> Person:
    place = rng.choices(PLACES, weights=[place.share for place in PLACES])[0]
    language = "en" if rng.random() < (0.35 if place.code == "HK" else 0.08) else "zh-hans"
    (han, family), (given_han, given) = rng.choice(SURNAMES), rng.choice(GIVEN)
    if language == "en":
        given = rng.choice(ENGLISH)
    name = f"{given} {family}" if language == "en" else f"{han}{given_han}"
    network = {cause: weight * place.weak_network // 2 for cause, weight in NETWORK.items()}
    return Person(
        reference=f"NW{index:06d}",
        name=name,
        language=language,
        brand=weighted(rng, BRANDS),
        region=place.code,
        value_tier=weighted(rng, VALUE_TIERS),
        activity_tier=weighted(rng, ACTIVITY_TIERS),
        plan=rng.choice(PLANS),
        tenure_months=rng.randint(1, 140),
        phone=f"+86100{index:08d}" if rng.random() < 0.96 else "",
        email=f"{given}.{family}.{index}@example.com".lower() if rng.random() < 0.93 else "",
        trouble=rng.choices((0.5, 1.0, 3.0), weights=(5, 4, 1))[0],
        cause=weighted(rng, CAUSES | network),
    )


def saying(rng: Random, person: Person, sayings: tuple[Sequence[str], Sequence[str]]) -> str:
    """One of the sayings, in the person's language."""
    english, chinese = sayings
    return rng.choice(english if person.language == "en" else chinese)
