"""The words by which columns are known, in English and Chinese; they are searched in a heading as `plain` gives it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

NUMBER = r"(id|no|nr|num|number|ref|reference|code|key)"
PERSON = r"(customer|client|user|member|subscriber|account|consumer|guest|buyer|respondent)"
PERSON_ZH = r"(客户|用户|会员|顾客|账户|帐户|消费者|投诉人|机主|客戶|用戶|會員)"
NUMBER_ZH = r"(编号|编码|标识|代码|号码|号|id|編號|號碼|號)"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


REFERENCE = _words(
    rf"\b{PERSON}s? ?{NUMBER}\b", rf"^{PERSON}$", r"\bmsisdn\b", rf"^{PERSON_ZH} ?{NUMBER_ZH}$", "^账号$", "^卡号$"
)
EXTERNAL_ID = _words(
    r"\b(response|respondent|answer|survey|ticket|case|call|contact|complaint|order|review|interaction|card|submission"
    rf"|request|incident|form|record|event|session|transaction|feedback) ?{NUMBER}\b",
    "(工单|问卷|答卷|投诉|订单|受理|业务|记录|评价|评论|服务|案件|单据).?(编号|编码|单号|号|id|流水)",
    "流水号|序号|^编号$|单号|工單",
)
ANY_ID = _words(rf"^{NUMBER}$", r"\buuid\b", "^(编号|序号)$")

NAME = _words(r"\b(full|first|last|customer|client|contact|user|member)? ?names?\b", "姓名|称呼|联系人|^客户名称$")
NOT_A_NAME = _words(
    r"\b(product|brand|shop|store|plan|city|region|file|app|campaign|agent|service|screen)\b", "产品|品牌"
)
PHONE = _words(
    r"\b(phone|mobile|cell|telephone|tel|msisdn|whatsapp|contact number)\b",
    "手机|电话|联系方式|(联系|移动|主叫|用户|来电)号码|手機|電話",
)
EMAIL = _words(r"\be ?mail\b", "邮箱|电子邮件|郵箱")
PRIVATE = _words(
    r"\b(address|street|zip|postcode|postal|birth|birthday|born|passport|iban|ssn|identity)\b",
    "身份证|证件|住址|地址|出生|生日|银行卡|住所",
)

BRAND = _words(r"\bbrand\b", "品牌")
DEVICE = _words(r"\b(handset|device|phone|mobile|terminal|model)\b", "终端|手机|机型|设备")
REGION = _words(
    r"\b(region|city|province|state|area|country|district|county|branch)\b",
    "地区|区域|省份|^省$|城市|地市|^市$|归属地|分公司|片区|所在地|地區|縣市",
)
LANGUAGE = _words(r"\b(language|locale|lang)\b", "语言|语种|語言")
TIER = _words(
    r"\b(tier|grade|vip|loyalty|value segment|class|status level|membership)\b", "等级|级别|星级|层级|价值分|會員等級"
)

SPOKEN = _words(
    r"\b(comments?|remarks?|feedback|verbatim|review|text|descriptions?|notes?|suggestions?|message|body|why|details?)\b",
    "备注|意见|建议|描述|说明|留言|内容|评论|反馈|补充|備註|意見|原话",
)

RATED = _words(
    r"\b(satisf\w*|ratings?|rate|scores?|stars?|nps|csat|ces|recommend\w*|likel\w*|quality|ease|easy|effort|overall)\b",
    r"\b(happy|friendl\w*|how (well|satisfied|likely|easy|good))\b",
    "满意|评分|打分|得分|评价|推荐|体验|费力|星数|評分|滿意",
)
COUNTED = _words(
    r"\b(age|count|number|times|minutes|hours|days|months|years|amount|tenure|arpu|mou|percent|share|visits|calls|logins)\b",
    "年龄|次数|个数|时长|月数|天数|金额|流量|占比|户数|数量|余额",
)
OVERALL = _words(r"\b(overall|general|generally|total|altogether|as a whole)\b", "整体|总体|综合|总的|總體|整體")
RECOMMEND = _words(r"\b(recommend\w*|nps)\b", "推荐|推薦")
BACKWARD = _words(
    r"\b(effort|difficult\w*|hard|trouble|problems?|frustrat\w*|complain\w*|churn|leave|annoy\w*)\b",
    "费力|困难|难度|麻烦|离网|不满|费劲",
)
STATED_SCALE = re.compile(r"(?<![\d.])([01]) ?(?:-|–|—|~|～|至|到|\bto\b) ?(5|7|10|100)(?![\d.])")
OUT_OF = re.compile(r"(?:/|out of|满分|滿分) ?(5|7|10|100)(?![\da-z])|(?<!\d)(5|7|10|100)分制")

# The three levels of a question; "最低期望" is a minimum, so minima are looked for first.
ADEQUATE = re.compile(
    r"\b(minimum|minimal|min|adequate|acceptable|tolerable|lowest|at least)\b"
    "|最低(可接受|期望|要求|接受)?|可接受|可容忍|容忍|底线|至少"
)
DESIRED = re.compile(r"\b(desired?|ideal(ly)?|wish(ed)?|expect(ed|ation|ations)?|wanted)\b|期望|理想|希望|期待")
PERCEIVED = re.compile(
    r"\b(perceived|perception|actual(ly)?|experienced?|received|performance)\b|实际|感知|感受|体验|现状"
)
FILLER = re.compile(
    r"\b(level|service|score|rating|of|the|for|what|is|your)\b|水平|程度|服务水平|得分|评分|打分|值|分$|的|度$"
)

EVENT = _words(
    r"\b(tickets?|cases?|complaints?|contacts?|calls?|interactions?|incidents?|enquir\w*|inquir\w*)\b",
    "工单|投诉|来电|接触|咨询|报障|受理|诉求",
)
OPENED = _words(
    r"\b(opened|open|created|received|reported|started|start|raised|logged|registered|called|contacted|begin)\b",
    "受理|创建|建单|开始|接入|来电时间|投诉时间|申告|报障|提交|发起|发生",
)
CLOSED = _words(
    r"\b(closed|close|resolved|resolution|solved|finished|completed|ended|end|done)\b",
    "办结|完成|关闭|结案|归档|解决|结束|完结",
)
PROMISED = _words(
    r"\b(promised?|due|deadline|target|sla|committed|commitment)\b", "承诺|时限|截止|预约|应.{0,4}(完成|办结|处理)|期限"
)
ANSWERED = _words(
    r"\b(date|day|time|timestamp|submitted|answered|responded|recorded|occurred|reviewed|posted|when)\b",
    "日期|时间|提交|填写|调查|评价时间|答题|日期時間",
)
OTHER_DAYS = _words(
    r"\b(birth|born|activat\w*|contract|join\w*|regist\w*|since|install\w*|expir\w*|bill|payment|updated|modified)\b",
    "出生|生日|入网|开户|注册|入会|合约|到期|激活|安装|更新|修改",
)
TRANSFERS = _words(
    r"\b(transfers?|transferred|handovers?|handoffs?|hand overs?|forwards?)\b", "转接|转派|流转|转办|转单"
)
CHANNEL = _words(r"\b(channel|via|medium|contact method|touchpoint)\b", "渠道|接触方式|来源方式|受理方式")
TOPIC = _words(
    r"\b(topic|subject|category|issue|problem|reason|theme|area)\b",
    "主题|类别|分类|问题类型|投诉类型|业务类型|事项|专业",
)
KIND = _words(r"\b(type|kind|nature|record type)\b", "类型|性质|单类|类别")
DISPUTED = _words(r"\b(disputed?|contested|objection|reopened|appealed)\b", "争议|不认可|异议|申诉|重复投诉")

KINDS: Mapping[str, re.Pattern[str]] = {
    "complaint": _words("complain", "投诉", "grievance", "申诉"),
    "review": _words("review", "评论"),
    "ticket": _words("ticket", "case", "incident", "fault", "repair", "工单", "报障", "故障", "报修", "维修"),
    "contact": _words(
        "contact",
        "call",
        "chat",
        "visit",
        "enquir",
        "inquir",
        "interaction",
        "question",
        "咨询",
        "来电",
        "查询",
        "接触",
        "办理",
        "建议",
    ),
    "usage": _words("usage", "用量"),
}
CHANNELS: Mapping[str, re.Pattern[str]] = {
    "email": _words(r"\be ?mail", r"\bletter", "邮件", "邮箱", "信件"),
    "sms": _words(r"\bsms\b", r"\btext", "短信", "短訊"),
    "app": _words(r"\bapp\b", r"\bapp store", "掌厅", "手机厅", "客户端", r"\bmobile app"),
    "social": _words(
        "we ?chat", "weibo", "twitter", "facebook", "whats ?app", "social", "微信", "微博", "公众号", "抖音"
    ),
    "shop": _words(r"\bshop", r"\bstore", "branch", "counter", "营业厅", "门店", "上门", "窗口"),
    "web": _words(r"\bweb", "online", "portal", "chat", "internet", "网站", "网厅", "网页", "在线", "互联网"),
    "hotline": _words(
        "phone", "hotline", r"\bcall", r"\bvoice", r"\btel", "电话", "热线", "语音", "人工", "10086", "10000", "10010"
    ),
}
TIERS: Mapping[str, re.Pattern[str]] = {
    "strategic": _words(
        "diamond", "platinum", "strategic", "key account", "black", "钻石", "战略", "至尊", "五星", "5星", "五钻"
    ),
    "high": _words("gold", "high", "premium", r"\bvip", "白金", "金卡", "黄金", "高价值", "四星", "4星"),
    "core": _words("silver", "core", "medium", r"\bmid", "银卡", "白银", "中价值", "三星", "3星"),
    "basic": _words(
        "bronze",
        "basic",
        "standard",
        r"\blow",
        "regular",
        "normal",
        "普通",
        "低价值",
        "[一二准]星",
        "[12]星",
        "未评级",
        "铜",
    ),
}
DIMENSIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (OVERALL, "overall"),
    (RECOMMEND, "recommend"),
    (_words("coverage", "覆盖"), "coverage"),
    (_words("clarity", "clear", "清晰"), "clarity"),
    (_words("stabil", "reliab", "稳定", "可靠"), "stability"),
    (_words("speed", "fast", "网速", "上网", "速度"), "speed"),
    (_words(r"\bbill", "invoice", "账单", "计费", "收费"), "billing"),
    (_words("price", "tariff", "value for money", "资费", "价格", "套餐"), "price"),
    (_words(r"\bwait", "queue", "等待", "排队"), "waiting"),
    (_words("solv", "resol", "解决"), "resolution"),
    (_words("staff", "agent", "friendl", "polite", "态度", "人员"), "staff"),
    (_words("hotline", "call cent", "热线", "客服"), "hotline"),
    (_words(r"\bshop", r"\bstore", "营业厅", "门店"), "shop"),
    (_words(r"\bapp\b", "掌厅", "客户端"), "app"),
    (_words("website", r"\bweb", "网站", "网厅"), "website"),
    (_words("deliver", "shipping", "物流", "配送"), "delivery"),
    (_words("install", "安装", "装机"), "installation"),
    (_words("repair", "维修", "修障"), "repair"),
    (_words(r"\beffort", r"\beas[ey]", "费力", "便捷", "方便"), "effort"),
    (_words("signal", "信号"), "signal"),
    (_words("product", "产品", "商品"), "product"),
    (_words("service", "服务"), "service"),
    (_words("quality", "质量"), "quality"),
    (_words(r"\bstars?\b", "^rating$", "^score$", "satisf", "满意", "评分", "星数"), "overall"),
)


def plain(heading: str) -> str:
    """A heading in small letters and single spaces: CustomerID, customer_id and Customer-ID are one."""
    text = unicodedata.normalize("NFKC", heading)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = re.sub(r"[_\-./#]+(?=[^\d\s])|(?<=[A-Za-z])[_\-.]+", " ", text)
    return re.sub(r"\s+", " ", text).strip().casefold()


def meaning(said: str, words: Mapping[str, re.Pattern[str]]) -> str:
    """The code whose words stand in a text; "" for none."""
    if said in words:
        return said
    text = plain(said)
    return next((code for code, pattern in words.items() if pattern.search(text)), "")


def slug(text: str, limit: int) -> str:
    """A code of an English text; "" where nothing of it can be written in a code."""
    words = re.findall(r"[a-z0-9]+", plain(text)) if text.isascii() else []
    return "_".join(words)[:limit].strip("_")


def dimension_of(heading: str) -> str:
    """The code of what a question asks about; "" where it cannot be said."""
    known = next((code for pattern, code in DIMENSIONS if pattern.search(heading)), "")
    return known or slug(STATED_SCALE.sub("", heading), 40)
