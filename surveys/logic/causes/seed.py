"""Words that speak of the shipped causes, in Chinese and English: what a reader of comments begins with.

Phrases rather than single words where a word alone is ambiguous. `NOTHING` are phrases that name no cause: places,
praise, courtesies; a reader that never saw any would take "in the lift" for a fault of whatever is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def _phrases(*lists: str) -> tuple[str, ...]:
    """The phrases of lists that are separated by commas, Chinese or Latin."""
    return tuple(phrase.strip() for each in lists for phrase in re.split("[、,]", each))


SEED: Mapping[str, tuple[str, ...]] = {
    "network.coverage": _phrases(
        "没信号、没有信号、无信号、信号差、信号不好、信号弱、信号极弱、信号不稳、信号不稳定、信号很差、信号太差、信号特别差",
        "信号时有时无、信号一格、信号只有两格、信号垃圾、信号特别不好、完全无信号、一点信号都没有、覆盖差、覆盖不好、信号覆盖",
        "无服务、不在服务区、范围外、不在范围内、没有网络信号、无网络、没有网络、没网、经常没网、没有网、增加基站、没有基站",
        "网络差、网络太差、网络极差、网络不好、网络不稳定、网络信号不好、收不到信号、搜不到信号、信号不如以前、信号盲区",
        "no signal, poor coverage, weak signal, bad reception, no reception, no service, no coverage, bad coverage",
        "signal keeps disappearing, cannot get a signal, dead zone, no bars, one bar, signal is bad",
        "lose signal, signal drops, out of range, no network at home, bad network, poor network",
    ),
    "network.speed": _phrases(
        "网速慢、网速太慢、上网慢、上网速度慢、网络慢、网络卡、网卡、太卡、卡顿、很卡、流量慢、打不开网页、加载慢、转圈",
        "上不了网、无法上网、没法上网、没法用网、图片打不开、速度越来越慢、速度慢、没有4g、4g变2g、网络延迟、延迟高",
        "视频卡、游戏卡、数据不好、网速不稳定、网络提速、导航转圈、刷不出来、5g慢、宽带慢",
        "slow data, slow internet, slow speed, pages do not load, buffering, internet is slow, lag, laggy",
        "cannot go online, data does not work, mobile data too slow, videos keep buffering, no 4g, no 5g",
    ),
    "network.voice": _phrases(
        "掉线、老掉线、发生掉线、断线、总是断线、掉话、通话中断、通话断、电话断、中断、突然断、自动断、听不清、听不见",
        "听不到、断断续续、杂音、有杂音、回声、有回声、回音、有回音、没声音、无声音、声音小、串线、串音、吞字、电流声",
        "打不通、打不进来、接不通、无法接通、打不出去、接不了电话、打不了电话、拨不出、无拨号音、自动挂断、呼叫失败",
        "通话质量差、通话质量不好、单通、来电没有提示、来电不响、没有提示音、电话里有别人说话、挂断延迟、通话时断网",
        "call dropped, dropped calls, calls drop, call drops, cannot hear, hear nothing, echo, line noise, crackling",
        "voice breaks up, call does not connect, calls do not go through, cannot make a call, one way audio, cut off",
        "bad call quality, poor call quality, phone does not ring, static on the line",
    ),
    "billing.unclear": _phrases(
        "账单不清、账单看不懂、看不懂账单、账单不清楚、扣费不明、不明扣费、收费不透明、收费不清楚、明细不清楚、话费不明白",
        "不知道扣的什么钱、查不到明细、账单太复杂",
        "unclear bill, do not understand the bill, cannot understand my bill, confusing bill, bill is confusing",
        "hidden fees, what is this fee, bill makes no sense, bill not clear, no breakdown of the bill",
    ),
    "billing.charge": _phrases(
        "乱扣费、多扣钱、多扣费、恶意扣费、扣费错误、乱收费、没有通话竟然计费、莫名扣费、无故扣费、偷偷扣费、重复扣费",
        "多收费、扣了两次、没开通却扣费、私自开通、自动开通业务、被开通了业务、强制消费、乱扣话费",
        "overcharged, charged twice, charged me twice, wrong charge, unexpected charge, extra charge",
        "charged for something i did not order, wrong amount, billed twice, unknown charge, subscribed without asking",
    ),
    "billing.refund": _phrases(
        "退款慢、不退钱、不退款、没有退款、退费、退费慢、退款没到、迟迟不退、退款、退钱、押金不退、余额不退、钱没退回来",
        "refund, slow refund, refund still not there, waiting for my money back, no refund, refund not received",
        "want my money back, refund takes weeks, deposit not returned",
    ),
    "service.waiting": _phrases(
        "等待时间长、等待太久、等很久、等了很久、等太久、排队、排队太久、打不进客服、客服打不通、没人接、没人接电话",
        "迟迟不处理、一直等、转不到人工、人工客服接不通、处理太慢、办理太慢",
        "waited too long, waiting too long, long wait, on hold, queue, nobody answers, waited an hour",
        "takes forever, slow service, never get through to anyone, no one picks up",
    ),
    "service.repeat": _phrases(
        "多次投诉、投诉几次、投诉多次、反映多次、反应多次、反应过多次、反映过多次、反复投诉、多次反映、重复说明",
        "每次都要说一遍、没人解决、没解决、没有解决、一直没有解决问题、无人解决、问题一直没解决、投诉无果、打了好几次客服",
        "explain again, explain everything again, third time i call, called again and again, told the same story",
        "complained many times, called many times, still not solved, problem not fixed, passed from one to another",
    ),
    "service.promise": _phrases(
        "答应的没做到、说好的、承诺、承诺的没兑现、没有回电、没给我回电话、没人回复、不兑现、没有上门、说话不算数",
        "promised, promised to call back, nobody called back, no one called back, did not keep, never came",
        "broken promise, said they would, did not keep the promise, technician never came",
    ),
    "product.price": _phrases(
        "太贵、很贵、有点贵、收费高、收费太贵、资费高、资费太高、资费贵、话费高、话费贵、话费太高、价格高、套餐贵",
        "比别家贵、收费挺高、性价比低、不划算、便宜点、降价",
        "too expensive, expensive, price too high, overpriced, costs too much, cheaper elsewhere, too much money",
        "price went up, price increase, not worth the money",
    ),
    "product.fit": _phrases(
        "套餐不合适、套餐不适合、流量用不完、用不完、流量浪费、流量不够、流量不够用、不能换套餐、不能改套餐、换不了套餐",
        "老用户不能、套餐不灵活、没有合适的套餐、套餐太少、改不了套餐",
        "plan does not fit, not enough data, too much data, cannot change my plan, wrong plan, no suitable plan",
        "plan is not flexible, do not need this plan, data runs out",
    ),
}

NOTHING: tuple[str, ...] = _phrases(
    "电梯、电梯里、地下室、地下车库、停车场、地铁、高速、高速公路、高铁、山区、郊区、农村、村里、家里、单位、公司、办公室",
    "医院、商场、超市、学校、小区、酒店、机场、马路上、路上、开车、开车时、户外、室内、随时随地、各种地点、很多地方",
    "满意、很满意、非常好、挺好的、很好、质量没问题、改善、有改善、谢谢、辛苦了、继续努力、希望越来越好、支持",
    "有时候、不记得了、无法描述、说不清、没什么、没有意见",
    "in the lift, in the car, at home, at work, in the basement, in the train, on the road, everywhere, in the office",
    "satisfied, very good, good service, great, fine, thank you, keep it up, no problem, all good, works well, happy",
    "sometimes, do not remember, nothing to say, no opinion",
)
