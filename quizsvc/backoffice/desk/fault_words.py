"""The words of `faults`: a campaign file's entries, and every sentence that a slice says about a file."""

import re

from quizsvc.backoffice.desk.sheet_words import SHEETS

ENTRIES = {
    "file": "文件",
    "TOML": "文件",
    "slug": "活动代号",
    "title": "活动名称",
    "region": "所属区域",
    "opens_at": "开始时间",
    "closes_at": "结束时间",
    "late_days": "补报天数",
    "privacy": "个人信息保护告知",
    "organiser": "主办方",
    "name": "名称",
    "contact": "联系方式",
    "partner": "联合单位",
    "rules": "",
    "conditions": "参加条件",
    "method": "抽奖方式",
    "handover": "领奖办法",
    "claim_until": "领奖截止时间",
    "leftovers": "剩余奖品",
    "beacon": "公开数",
    "max_wins": "每人最多中奖次数",
    "paper": "",
    "pass_percent": "通过分数",
    "minutes": "答题时间",
    "per_day": "每人每天份数",
    "plan": "试卷组成",
    "scam_type": "诈骗类型",
    "difficulty": "难度",
    "count": "题数",
    "prize": "奖品",
    "code": "代号",
    "value_fen": "价值",
    "kind": "种类",
    "material": "对应物料",
    "round": "轮次",
    "cards": "签数",
    "prizes": "奖品数量",
    "value": "数量",
    "stem": "题干",
    "reason": "变更原因",
    "bank": "题库",
    "question": "题目",
}
HEADS = {
    "prize": "第 # 种奖品",
    "round": "第 # 轮",
    "partner": "第 # 个联合单位",
    "plan": "试卷组成第 # 项",
    "question": "第 # 题",
}

# A sentence as the slice says it, as people read it, and how to mend it.
_CAMPAIGN = (
    (r"Use 1 to 40 lower-case letters, digits or hyphens\.", "只能用小写字母、数字和连字符，不超过 40 个", ""),
    (r"Use 1 to 32 lower-case letters, digits or hyphens\.", "只能用小写字母、数字和连字符，不超过 32 个", ""),
    (r"Write a time with offset, unquoted: .*", "请写明日期和时间", ""),
    (r"Write a year from (\d+) to (\d+)\.", r"年份应在 \1 到 \2 之间", ""),
    ("is not after opens_at", "应晚于开始时间", ""),
    ("reaches outside the campaign", "超出了活动的起止时间", "请把这一轮放在活动时间之内"),
    (r"overlaps round (\d+)", r"与第 \1 轮时间重叠", "上一轮结束后才能开始下一轮"),
    ("is not after the last round", "应晚于最后一轮的结束时间", "请给中奖居民留出领奖时间"),
    ("is not after closes_at", "应晚于活动结束时间", "收尾抽奖在活动结束之后、领奖截止之前进行"),
    (r"(\S+) of difficulty (\d) stands twice", r"\1 难度 \2 写了两次", "请把题数合在一项里"),
    (r"code (\S+) stands twice", r"代号 \1 重复", "每种奖品用自己的代号"),
    ("is worth more than 50,000 yuan", "价值超过 5 万元", "《规范促销行为暂行规定》不允许"),
    ("names a material and is no goods", "只有实物奖品才对应物料", "请把对应物料留空"),
    ("there are rounds and no prize", "有轮次，没有奖品", "请填写奖品，或去掉轮次"),
    (r"(\S+) is no prize of this campaign", r"\1 不在奖品清单里", ""),
    (
        r"(\d+) cards cannot carry (\d+) prizes .*",
        r"\1 支签装不下 \2 份奖品（含前几轮可能转入的）",
        "请增加签数，或减少奖品",
    ),
    (
        r"(\d+) of (\S+), difficulty (\d); the bank has (\d+)",
        r"\2 难度 \3 需要 \1 题，题库只有 \4 题",
        "请减少题数，或先补充题库",
    ),
    (r"(\d+) coupons for (\d+) cards", r"券码只有 \1 个，签里有 \2 份", "请先上传券码清单"),
    (r"there is no material (\S+)", r"没有代号为 \1 的物料", "请先登记物料，或把对应物料留空"),
    ("is that of rules which were withdrawn", "与撤回的规则相同", "签箱已重新封存，请指定发布之后才产生的公开数"),
    (r".*\(at line (\d+), column (\d+)\)", r"第 \1 行第 \2 列写法有误", "请对照活动文件说明修改"),
    (r".*\(at end of document\)", "文件不完整", "请对照活动文件说明修改"),
)
_FORM = (
    ("no such coupon prize", "请选择奖品", ""),
    ("is taken", "这个代号已有活动使用", "请换一个"),
    ("is no reason", "请写明变更原因", "原因会向所有人公示，不超过 500 字"),
)
_FAVOUR = (
    ("changes nothing", "没有任何改动", "请先修改内容"),
    ("may not change", "发布后不能改", ""),
    ("gives participants less than before", "不能比原来少", "变更只能有利于参加者"),
    (r"rises from (\d+) to (\d+)", r"不能从 \1 提高到 \2", "变更只能有利于参加者"),
    ("is later than before", "不能比原来晚", ""),
    ("is moved into the past", "不能改到过去", ""),
    ("is in the past", "不能早于现在", ""),
    ("is earlier than before", "不能比原来早", ""),
    ("is changed", "原有内容不能改动", "请保留原文，在后面补充"),
    ("one is changed, moved or missing", "原有的不能改动或移动", "请保留原顺序，在最后添加"),
    (
        "names no number for the added rounds",
        "没有写明新增轮次用哪个公开数",
        "请在原文后加逗号，补充今天以后才产生的公开数",
    ),
    ("is changed, moved or missing", "不能改动、移动或删除", "请保留原清单，在最后添加新奖品"),
    ("is worth less than before", "价值不能比原来低", ""),
    ("is missing", "不能删除", "请保留，在最后添加新轮次"),
    (
        "has opened, or its public number is known: .*",
        "已经开始，或公开数已知，不能再改",
        "请改后面的轮次，或在最后添加一轮",
    ),
    ("are fewer than before: .*", "不能比原来少", ""),
    (r"(\S+) falls from (\d+) to (\d+)", r"\1 不能从 \2 减到 \3", ""),
    (r"more cards make (\S+) rarer", r"签数增加后，\1 的中奖机会变小", "请按比例增加奖品，或不增加签数"),
)
_SHEET = (
    ("holds no question", "没有题目", "请每题填一行"),
    ("a 判断 question has options of its own", "判断题不填选项", "请留空，固定是“对”和“错”"),
    (r"'(.*)' is no difficulty", r"“\1”不是难度", "请填 1（容易）、2 或 3（较难）"),
)
_QUESTION = (
    (r"Use lower-case letters, digits, hyphens\.", "编号只能用小写字母、数字和连字符", ""),
    ("reviewed is not a date", "审核日期有误", "请写成 2026-11-20"),
    ("an option's id is not one letter", "选项的编号应为一个字母", ""),
    ("a judge question has other options", "判断题的选项固定是“对”和“错”", ""),
    ("two options say the same", "有两个选项相同", "请改成不同的内容"),
    (r"the answer names (.+), which is no option", r"答案 \1 不在选项里", "请填选项的字母"),
    ("the answer names an option twice", "答案里有重复的字母", ""),
    (r"a \S+ question has (\d+) answers", "单选题和判断题只能有一个答案", ""),
    ("a multiple question needs two right options and a wrong one", "多选题至少要两个正确选项、一个错误选项", ""),
    (r"(\d+) options", r"有 \1 个选项", "选项应为 3 到 6 个"),
    (r"options (\S) and (\S) differ in punctuation alone", r"选项 \1 和 \2 只有标点不同", "请改成不同的内容"),
    (
        r"option (\S) speaks of the others: (.+)",
        r"选项 \1 提到了其他选项（\2）",
        "选项会打乱顺序，请让每个选项单独成立",
    ),
    (r".* names an option by its letter: (.+)", r"用字母指称选项（\1）", "选项会打乱顺序，请写出选项的内容"),
    (r".* claims “(.+)”", r"“\1”说得过满", "请只写做得到的；骗子的话放在“ ”里"),
    (r".* says “(.+)”", r"“\1”与热线的用途不符", "请核对热线的用途"),
    (r".* quotes article (\S+) of 《(.+)》, which has (\d+)", r"《\2》只有 \3 条，没有第 \1 条", "请核对条文"),
    (r".+ is blank", "有空白内容", "请填写"),
    (
        "was reviewed and has the same text: it is no draft",
        "已审核的题目没有改动，不能退回草稿",
        "请写“已审核”；不再出题请写“已停用”",
    ),
    ("is no question of the bank", "题库里没有这道题", "请核对编号"),
    (r"its text was last changed by (.+)", r"最近一次由 \1 修改", "请由另一位管理员审核"),
)
_COUPON = (
    (r"columns are missing: ([a-z_, ]+)", r"缺少列：\1", "第一行应为 code,face_value_fen,expires_at"),
    ("code is missing, too long or not printable", "缺少券码，或券码太长", "请填写券码"),
    ("this code stands twice", "券码重复", "请删掉其中一行"),
    (r"face_value_fen '(.*)' is not a whole number", r"面值“\1”不是整数", "单位是分，10 元写 1000"),
    (r"expires_at '(.*)' is no time", r"到期时间“\1”有误", "请写成 2026-12-31T23:59:59+08:00"),
)
SENTENCES = tuple(
    (re.compile(said, re.DOTALL), what, mend)
    for said, what, mend in (*_COUPON, *_FORM, *_CAMPAIGN, *_FAVOUR, *_SHEET, *_QUESTION, *SHEETS)
)
