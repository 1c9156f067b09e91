"""Words that speak of the shipped causes, in Chinese and English: what a reader of comments begins with.

Phrases rather than single words where a word alone is ambiguous; a place ("in the lift") is no cause.
"""

from __future__ import annotations

from collections.abc import Mapping

SEED: Mapping[str, tuple[str, ...]] = {
    "network.coverage": (
        *(
            "没信号",
            "没有信号",
            "无信号",
            "信号差",
            "信号不好",
            "信号弱",
            "信号极弱",
            "信号不稳",
            "信号很差",
            "信号太差",
        ),
        *(
            "信号时有时无",
            "信号一格",
            "覆盖差",
            "无服务",
            "不在服务区",
            "没有网络信号",
            "无网络",
            "没有网络",
            "增加基站",
        ),
        *("网络差", "网络不好", "信号特别不好", "完全无信号", "信号垃圾", "信号只有两格", "范围外", "不在范围内"),
        *("no signal", "poor coverage", "weak signal", "bad reception", "no reception", "no service", "no coverage"),
        *("signal keeps disappearing", "cannot get a signal", "dead zone", "no bars"),
    ),
    "network.speed": (
        *(
            "网速慢",
            "上网慢",
            "上网速度慢",
            "网络慢",
            "网络卡",
            "太卡",
            "卡顿",
            "流量慢",
            "打不开网页",
            "加载慢",
            "转圈",
        ),
        *("上不了网", "无法上网", "图片打不开", "速度越来越慢", "没有4g", "4g变2g", "网络延迟", "视频卡", "数据不好"),
        *("slow data", "slow internet", "slow speed", "pages do not load", "buffering", "internet is slow", "lag"),
        *("cannot go online", "data does not work", "mobile data too slow"),
    ),
    "network.voice": (
        *(
            "掉线",
            "断线",
            "掉话",
            "通话中断",
            "中断",
            "突然断",
            "听不清",
            "听不见",
            "听不到",
            "断断续续",
            "杂音",
            "回声",
        ),
        *("回音", "没声音", "无声音", "声音小", "串线", "串音", "吞字", "打不通", "打不进来", "接不通", "无法接通"),
        *("打不出去", "接不了电话", "打不了电话", "拨不出", "无拨号音", "自动挂断", "呼叫失败", "通话质量差", "单通"),
        *("call dropped", "dropped calls", "cannot hear", "echo", "noise on the line", "crackling", "voice breaks up"),
        *("call does not connect", "cannot make a call", "one way audio", "cut off", "bad call quality"),
    ),
    "billing.unclear": (
        *("账单不清", "账单看不懂", "扣费不明", "不明扣费", "收费不透明", "明细不清楚", "话费不明白"),
        *("unclear bill", "do not understand the bill", "confusing bill", "bill is confusing", "hidden fees"),
    ),
    "billing.charge": (
        *("乱扣费", "多扣钱", "恶意扣费", "扣费错误", "乱收费", "没有通话竟然计费", "莫名扣费", "重复扣费", "多收费"),
        *("overcharged", "charged twice", "wrong charge", "unexpected charge", "charged for nothing", "extra charge"),
    ),
    "billing.refund": (
        *("退款慢", "不退钱", "没有退款", "退费", "退款没到", "迟迟不退"),
        *("refund", "refund still not there", "waiting for my money back", "no refund"),
    ),
    "service.waiting": (
        *("等待时间长", "等很久", "排队", "打不进客服", "客服打不通", "没人接", "迟迟不处理", "一直等"),
        *("waited too long", "long wait", "on hold", "queue", "nobody answers", "waiting for hours"),
    ),
    "service.repeat": (
        *(
            "多次投诉",
            "投诉几次",
            "反映多次",
            "反应多次",
            "反复投诉",
            "多次反映",
            "重复说明",
            "每次都要说一遍",
            "没人解决",
        ),
        *(
            "explain again",
            "third time i call",
            "called again and again",
            "told the same story",
            "complained many times",
        ),
    ),
    "service.promise": (
        *("答应的没做到", "说好的", "承诺", "没有回电", "没人回复", "不兑现", "没有上门"),
        *("promised", "nobody called back", "did not keep", "never came", "broken promise"),
    ),
    "product.price": (
        *("太贵", "收费高", "收费太贵", "资费高", "话费高", "话费贵", "价格高", "套餐贵", "比别家贵", "收费挺高"),
        *("too expensive", "price too high", "overpriced", "costs too much", "cheaper elsewhere"),
    ),
    "product.fit": (
        *("套餐不合适", "流量用不完", "用不完", "流量不够", "不能换套餐", "不能改套餐", "老用户不能", "套餐不灵活"),
        *("plan does not fit", "not enough data", "too much data", "cannot change my plan", "wrong plan"),
    ),
}
