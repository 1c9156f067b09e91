"""What people of the demo world say: customers in their ratings and answers, agents in their notes. All invented."""

from __future__ import annotations

# Cause → remarks in English and in Chinese.
GRIEVANCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "billing.refund": (
        (
            "Refund took three weeks and nobody told me why.",
            "You promised my deposit back in five days. It has been twenty.",
            "I was sent from the shop to the hotline and back for one refund.",
        ),
        (
            "退款拖了三周，没人告诉我原因。",
            "说好五天退押金，现在二十天了还没到账。",
            "为了一笔退款，营业厅和热线来回推。",
        ),
    ),
    "billing.charge": (
        (
            "A ringtone subscription appeared on my bill. I never ordered it.",
            "Charged twice in the same month.",
            "Roaming was switched on without asking me: 86 yuan for one afternoon.",
        ),
        ("账单上突然多了彩铃费，我从来没订过。", "同一个月扣了两次费。", "没经过我同意就开了漫游，一个下午扣了86元。"),
    ),
    "billing.unclear": (
        (
            "I read the bill four times and still cannot tell what I pay for.",
            "The app shows one amount, the text message another.",
        ),
        ("账单看了四遍也不知道钱花在哪里。", "APP和短信显示的金额不一样。"),
    ),
    "network.coverage": (
        (
            "No signal in our lift, no signal in the car park, one bar in the kitchen.",
            "On the new metro line there is nothing between two stations.",
            "Since the mast on the school was taken down we have no reception at home.",
            "I have to go to the balcony to make a call.",
        ),
        (
            "电梯和地下车库完全没信号，厨房只有一格。",
            "新地铁线两站之间一直没信号。",
            "学校楼顶的基站拆了以后家里就没信号了。",
            "打电话要跑到阳台上。",
        ),
    ),
    "network.speed": (
        (
            "5G in the corner of the screen, but pages load like ten years ago.",
            "Every evening after eight the video stops and loads.",
            "Paying by code at the market takes three tries.",
        ),
        ("显示5G，网页却打开得很慢。", "每天晚上八点以后看视频就卡。", "菜市场扫码付款要试三次。"),
    ),
    "network.voice": (
        ("Calls drop when I walk from the street into the office.", "They hear me, I do not hear them."),
        ("一进办公楼电话就断。", "对方听得到我，我听不到对方。"),
    ),
    "service.waiting": (
        (
            "Twenty-five minutes of music before somebody answered.",
            "Took a number in the shop at ten, was served at half past eleven.",
            "The robot sends me in circles; I only wanted a person.",
        ),
        ("等了二十五分钟才有人接。", "十点取号，十一点半才轮到我。", "机器人绕来绕去，我只想找人工。"),
    ),
    "service.repeat": (
        (
            "Fourth call, fourth person, the whole story from the beginning.",
            "Nobody reads what the last one wrote down.",
        ),
        ("打了四次电话，每次都要从头说一遍。", "上一位记录了什么，下一位根本不看。"),
    ),
    "service.promise": (
        (
            "You said an engineer would come on Tuesday. I took a day off for nothing.",
            "A callback was promised. None came.",
        ),
        ("说好周二上门，我请了假，人没来。", "说会回电，一直没有回。"),
    ),
    "product.price": (
        ("New customers pay half of what I pay after nine years.", "The price went up and the plan stayed the same."),
        ("老用户九年了，资费是新用户的两倍。", "涨价了，套餐内容却没变。"),
    ),
    "product.fit": (
        ("I use 3 GB and pay for 60.", "My mother needs minutes, not data, and there is no such plan."),
        ("每月只用3G流量，却要付60G的钱。", "我妈妈要的是通话时长，不是流量，可没有这样的套餐。"),
    ),
    "other": (
        ("Just disappointed.", "It used to be better."),
        ("就是不满意。", "以前比现在好。"),
    ),
}

PRAISE: tuple[tuple[str, ...], tuple[str, ...]] = (
    (
        "Quick and friendly.",
        "Solved in one call, thank you.",
        "Works as it should.",
        "The lady in the shop was patient.",
    ),
    ("很快，很热情。", "一个电话就解决了，谢谢。", "一切正常。", "营业厅的姑娘很有耐心。"),
)

AFTERWARDS_GOOD: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("Somebody called and it was really solved.", "Better than before.", "No trouble since."),
    ("有人回访并且真的解决了。", "比以前好了。", "之后没再出问题。"),
)

AFTERWARDS_BAD: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("Nothing has changed.", "I am still waiting.", "The same trouble again last week."),
    ("没有任何变化。", "我还在等。", "上周又出了同样的问题。"),
)

# Cause → what an agent does about it.
REMEDIES: dict[str, str] = {
    "billing.refund": "Refund paid out",
    "billing.charge": "Charge taken back",
    "billing.unclear": "Bill explained",
    "network.coverage": "Indoor repeater sent",
    "network.speed": "Cell reported, data voucher given",
    "network.voice": "Wi-Fi calling set up",
    "service.waiting": "Direct number given",
    "service.repeat": "Story written down, one owner named",
    "service.promise": "New appointment kept",
    "product.price": "Loyalty price given",
    "product.fit": "Plan changed",
    "other": "Apology and voucher",
}

# Outcome → notes an agent writes.
NOTES: dict[str, tuple[str, ...]] = {
    "solved": (
        "Customer agreed that this settles it.",
        "Explained what went wrong and what was done; customer was relieved.",
        "客户表示满意，问题已解决。",
        "已核实并处理，客户认可。",
    ),
    "follow_up": ("Needs the network team; told the customer so.", "等技术部门核实后再回电。"),
    "callback": ("Was driving, asked for another time.", "在开会，约好时间再打。"),
    "no_answer": ("", "", "Rang out."),
    "busy": ("",),
    "cut_off": ("Line dropped while the customer told the story.", "说到一半断线。"),
    "wrong_number": ("The person has had this number for a year.",),
    "refused": ("Does not want to talk about it any more.", "客户表示不想再谈。"),
    "do_not_contact": ("Asked never to be called again.",),
}
