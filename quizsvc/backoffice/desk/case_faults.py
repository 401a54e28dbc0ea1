"""What is wrong with a table of cases, as a clerk reads it: where, what, and how to mend it."""

import re
from dataclasses import dataclass

from quizsvc.kit.problems import Problem

AGAIN = "请用 Excel 或 WPS 打开，另存为不带密码的 .xlsx"
AS_TEXT = "请把单元格设为“文本”后重新填写"
PLACE = re.compile(r"(?:sheet (?P<sheet>.+?) )?(?:row|line) (?P<row>\d+)(?: (?P<column>.+))?")
# The sentence as it is said -> what is wrong, and how to mend it.
SENTENCES = tuple(
    (re.compile(said, re.DOTALL), what, mend)
    for said, what, mend in (
        ("not found|is a directory", "没有选择文件", "请先选择文件再上传"),
        (r"(\.\w+) is not read", r"不支持 \1 文件", AGAIN),
        (r"is larger than (\d+) MB|unpacks to more than (\d+) MB", "文件太大", "请拆成几个文件"),
        (r"is an old \.xls, or protected by a password", "是旧版 .xls，或加了密码", AGAIN),
        (r"is no \.xlsx.*|is a zip archive.*|is damaged.*|holds a part twice", "不是完好的 .xlsx 文件", AGAIN),
        (r"has a document type|is missing|names .+ twice|cannot be read.*", "不是完好的 .xlsx 文件", AGAIN),
        ("is neither UTF-8 nor GBK", "文字编码无法识别", "请另存为“CSV UTF-8”或 .xlsx"),
        ("is no CSV: .+", "引号不成对，读不出来", "请另存为 .xlsx 后再上传"),
        (r"more than (\d+) rows or (\d+) columns", r"超过 \1 行或 \2 列", "请删去不需要的，或拆成几个文件"),
        (r"more than (\d+) (?:rows|columns)", "行数或列数太多", "请删去不需要的，或拆成几个文件"),
        ("a formula", "单元格里是公式", "请复制后选择性粘贴为数值"),
        ("an error value", "单元格里是错误值", "请改为实际的数"),
        ("merged cells", "有合并的单元格", "请取消合并，逐格填写"),
        ("holds no figures", "没有数据", "请按一个区域一个月一行填写"),
        (r"columns are missing: (.+)", r"缺少列：\1", "第一行写列名：区域、月份、警情、立案、损失(元)、来源"),
        ("no column of figures", "没有数据列", "请至少有警情、立案、损失(元)、损失(万元)中的一列"),
        (r"the column (.+) stands twice", r"有两列“\1”", "请删去一列"),
        ("the loss stands in 元 and in 万元", "损失同时有元和万元两列", "请只留一列"),
        ("损失 names no unit", "“损失”没有写单位", "列名请写成“损失(元)”或“损失(万元)”"),
        (r"the column (.+) is unknown", r"没有“\1”这一列", "请删去，或改用规定的列名"),
        (r"(\S+) (\S+) stands in (?:sheet .+ )?row (\d+) too", r"\1 的 \2 在第 \3 行已有", "请只留一行"),
        ("something stands in a column without a heading", "所在的列没有列名", "请删去，或补上列名"),
        ("holds no figure", "这一行没有填数", "请填写，或删去这一行"),
        ("is empty", "没有填写", "请填写"),
        (r"['\"](.*)['\"] is no code of a region", r"没有代码为“\1”的区域", "请核对区域代码"),
        (r"['\"](.*)['\"] is no month", r"“\1”不是月份", "请写成 2026-08，单元格设为“文本”"),
        (r"(\S+) is not over yet", r"\1 还没有过完", "请等这个月结束后再导入"),
        ("is too long", "太长", "请写在 100 字以内"),
        ("holds a character that cannot be printed", "含有特殊字符", "请重新输入"),
        (r"(.+) is negative", r"\1 是负数", "请填 0 或更大的数"),
        (r"(.+) is no whole number, or finer than .+", r"\1 过细", "件数应为整数，金额精确到分"),
        (r"(.+) is too large", r"\1 太大", "请核对列名里的单位"),
        (r"['\"](.*)['\"] is no number", r"“\1”不是数字", "请只填数字；来源没有公布的留空"),
        ("is TRUE or FALSE, not a text", "被识别为逻辑值", AS_TEXT),
        ("was turned into a date or time", "被自动转成了日期", AS_TEXT),
        (r"no (\S+) stands that could be withdrawn", r"没有可以撤回的\1", "请留空"),
        (r"(\S+) is empty, and (.+) stand", r"\1留空，但已登记过数", "请照原样填写；要撤回请写“撤回”"),
    )
)


@dataclass(frozen=True)
class Fault:
    """A problem as people read it."""

    place: str
    what: str
    mend: str


def fault_of(problem: Problem) -> Fault:
    """The problem in Chinese; what nobody translated is named as it is, with where to ask."""
    place = _place_of(problem.where)
    for pattern, what, mend in SENTENCES:
        if match := pattern.fullmatch(problem.what):
            return Fault(place, match.expand(what), mend)
    return Fault(place, f"有误（{problem.what}）", "请对照填写说明核对，或联系管理员")


def _place_of(where: str) -> str:
    if match := PLACE.fullmatch(where):
        return f"第 {match['row']} 行" + (f"“{match['column']}”" if match["column"] else "")
    return "整个文件" if where == "file" else where.removeprefix("sheet ")
