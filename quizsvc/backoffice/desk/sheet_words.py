"""The words of `faults` for tables: their cells and files, volunteers, tallies on paper, cases."""

AGAIN = "请用 Excel 或 WPS 另存为 .xlsx，不要加密码"
AS_TEXT = "请把单元格设为“文本”后重新填写"
# A place in a table -> where people find it.
PLACES = (
    (r"file|byte \d+", "整个文件"),
    (r"(?:row|line) (\d+)", r"第 \1 行"),
    (r"(?:row|line) (\d+) (.+)", r"第 \1 行“\2”"),
    (r"sheet (.+?) (?:row|line) (\d+)", r"“\1”表第 \2 行"),
    (r"sheet (.+?) (?:row|line) (\d+) (.+)", r"“\1”表第 \2 行“\3”"),
    (r"sheet (.+?) (\S+) and more", r"“\1”表 \2 等处"),
    (r"sheet (.+?) (.+)", r"“\1”表 \2"),
    (r"form (\d+)", r"第 \1 张"),
    (r"form (\d+) (.+)", r"第 \1 张“\2”"),
)
FILES = (
    (r"not found|not chosen|is a directory", "没有选择文件", "请先选择文件再上传"),
    (r"(\S+) is not read", r"不支持 \1 文件", AGAIN),
    (r"is larger than (\d+) MB|unpacks to more than (\d+) MB", "文件太大", "请分成几个文件"),
    (r"is an old \.xls, or protected by a password", "是旧版 .xls，或加了密码", AGAIN),
    (
        r"is no \.xlsx.*|is a zip archive.*|is damaged.*|holds a part twice|has a document type|names .+ twice"
        r"|lacks a part|cannot be read.*",
        "不是完好的 .xlsx 文件",
        AGAIN,
    ),
    (r"is neither UTF-8 nor GBK|not UTF-8", "文字编码无法识别", "请另存为“CSV UTF-8”或 .xlsx"),
    (r"is no CSV: .*", "引号不成对，读不出来", "请检查这一行的引号，或另存为 .xlsx"),
    (r"more than (\d+) rows or (\d+) columns", r"超过 \1 行或 \2 列", "请删掉不需要的，或分成几个文件"),
    (r"more than (\d+) rows.*", r"超过 \1 行", "请分成几个文件"),
    (r"more than (\d+) columns", r"超过 \1 列", "请删掉不需要的列"),
    (r"columns are missing: (.+)", r"缺少列：\1", "请按填写说明写第一行的列名"),
    (r"the column (.+) is no field and no material", r"“\1”既不是规定的列，也不是物料", "请删掉，或先登记这种物料"),
    (r"the column (.+) is unknown", r"没有“\1”这一列", "请删掉，或用填写说明里的列名"),
    (r"the column (.+) stands twice", r"有两列“\1”", "请删掉一列"),
    (r"(?:something )?stands in a column without a heading", "所在的列没有列名", "请删掉，或补上列名"),
)
CELLS = (
    ("a formula", "单元格里是公式", "请复制后选择性粘贴为数值"),
    ("an error value", "单元格里是错误值", "请改成实际内容"),
    ("merged cells", "有合并的单元格", "请取消合并，逐格填写"),
    ("is TRUE or FALSE, not a text", "被识别为逻辑值", AS_TEXT),
    ("was turned into a date or time", "被自动转成了日期或时间", AS_TEXT),
    (r"is empty although an end is given", "填了结束日期，没填开始日期", "请补上"),
    ("is empty", "没有填写", "请填写"),
    (r"is too long or not printable", "太长，或含有特殊字符", "请改短，或重新输入"),
    ("is too long", "太长", "请写在 100 字以内"),
    ("holds a character that cannot be printed", "含有特殊字符", "请重新输入"),
    (r"['\"](.*)['\"] is unknown", r"没有“\1”这一类", "请用列表或填写说明里的词"),
    (r"['\"](.*)['\"] is no date", r"“\1”不是日期", "请写成 2026-11-20"),
    (r"['\"](.*)['\"] is no time", r"“\1”不是时间", "请写成 14:30"),
    (r"['\"](.*)['\"] is no whole number", r"“\1”不是整数", "请只填数字"),
    (r"['\"](.*)['\"] is neither 是 nor 否", r"“\1”既不是“是”，也不是“否”", "请写“是”，或留空"),
    (r"(\S+) is too far away", r"日期 \1 不合理", "请核对年份"),
)
OUTREACH = (
    ("holds no volunteer", "没有志愿者", "请每人每个区域填一行"),
    ("holds no form", "没有上报单", "请每次走访填一行"),
    (r"['\"](.*)['\"] is not a code", r"“\1”不是编号", "请用 1 到 32 位字母、数字或连字符"),
    (r"(\S+) lies before (\S+)", r"结束日期 \1 早于开始日期 \2", "请核对"),
    (r"(.+) has no pack (.+)", r"\1没有“\2”这种包装", "请用已登记的包装"),
    ("0 is no revision", "修订号从 1 开始", ""),
    (r"the visit is still to come", "走访时间还没有到，没写时间的按中午 12 点计", "请核对日期和时间"),
    (
        r"(.+) has another name or kind in (?:sheet .+ )?row (\d+)",
        r"编号 \1 在第 \2 行的姓名或类别不同",
        "请改成一样，或换编号",
    ),
    (
        r"(.+) serves (.+) in (?:sheet .+ )?row (\d+) too, and the days overlap",
        r"编号 \1 在第 \3 行已负责 \2，日期重叠",
        "请删掉一行，或把日期分开",
    ),
    (r"(.+) stands in form (\d+) too", r"单号 \1 与第 \2 张相同", "每张单要有自己的单号"),
    (r"region (.+) is unknown", r"没有区域 \1", "请用区域编号"),
    (r"region (.+) is not in your reach", r"区域 \1 不归您管理", "请交给负责的管理员导入"),
    (r"(.+) is a volunteer of (.+)", r"编号 \1 已是 \2 的志愿者", "请换一个编号"),
    (r"(.+) is on no list", r"名单里没有编号 \1", "请核对，或先把志愿者加入名单"),
    (r"(.+) does not serve your regions", r"编号 \1 不在您的区域服务", "请交给其所在社区录入"),
    (r"form (.+): other_content", r"单号 \1 已经录入过，内容不同", "如需更正，请在“修订”列填更大的数"),
    (r"form (.+): id_taken", r"单号 \1 已用于另一名志愿者", "请换一个单号"),
    (r"campaign: .*No such campaign.*", "没有这个活动", "请核对活动代码"),
    (r"region: .*No such region.*", "没有这个区域", "请核对区域编号"),
    (r"households: .*", "户数应在 0 到 100000 之间", ""),
    (r"people: .*", "人次应在 0 到 100000 之间", ""),
    (r"note: .*", "备注请写在 200 字以内", ""),
    (r"revision: .*", "修订号太大", ""),
    (r"handouts: .*", "一张单上的物料种类太多", ""),
    (r"handouts\.\d+\.quantity: .*", "物料数量太大", "请核对单位"),
)
CASES = (
    ("holds no figures", "没有数据", "请按一个区域一个月一行填写"),
    ("no column of figures", "没有数据列", "请至少有警情、立案、损失(元)、损失(万元)中的一列"),
    ("the loss stands in 元 and in 万元", "损失同时有元和万元两列", "请只留一列"),
    ("损失 names no unit", "“损失”没有写单位", "列名请写成“损失(元)”或“损失(万元)”"),
    (r"(\S+) (\S+) stands in (?:sheet .+ )?row (\d+) too", r"\1 的 \2 在第 \3 行已有", "请只留一行"),
    ("holds no figure", "这一行没有填数", "请填写，或删掉这一行"),
    (r"['\"](.*)['\"] is no code of a region", r"没有代码为“\1”的区域", "请核对区域代码"),
    (r"['\"](.*)['\"] is no month", r"“\1”不是月份", "请写成 2026-08，单元格设为“文本”"),
    (r"(\S+) is not over yet", r"\1 还没有过完", "请等这个月结束后再导入"),
    (r"(.+) is negative", r"\1 是负数", "请填 0 或更大的数"),
    (r"(.+) is no whole number, or finer than .+", r"\1 过细", "件数应为整数，金额精确到分"),
    (r"(.+) is too large", r"\1 太大", "请核对列名里的单位"),
    (r"['\"](.*)['\"] is no number", r"“\1”不是数字", "请只填数字；来源没有公布的留空"),
    (r"no (\S+) stands that could be withdrawn", r"没有可以撤回的\1", "请留空"),
    (r"(\S+) is empty, and (.+) stand", r"\1留空，但已登记过数", "请照原样填写；要撤回请写“撤回”"),
)
# A table's own row that a code is in twice; after what cases say of a region and a month.
TWICE = ((r"(\S+) stands in (?:.*row )?(\S+) too", r"编号 \1 与第 \2 行重复", "请换一个编号"),)
SHEETS = (*FILES, *CELLS, *OUTREACH, *CASES, *TWICE)
