"""Tables that people hand in at the desk: taken for a moment, and what is wrong with one, said in Chinese."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Response, request

from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import csv_text

LONGEST_NAME = 80
SUFFIXES = (".xlsx", ".csv")


@contextmanager
def handed_in(name: str) -> Iterator[tuple[Path, str]]:
    """The file of a form, on disk until the block ends, and what it is called; FileRefused without one."""
    given = request.files.get(name)
    called = Path((given.filename if given else None) or "").name[-LONGEST_NAME:]
    if given is None or not called:
        raise FileRefused([Problem("file", "not found", "choose a file")])
    suffix = Path(called).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / f"table{suffix if re.fullmatch(r'[.][a-z]{1,8}', suffix) else '.unknown'}"
        given.save(path)
        yield path, called


def csv_file(rows: Sequence[Sequence[str]], *, name: str) -> Response:
    """A table to keep; Excel opens it, and takes no text for a formula."""
    response = Response(csv_text(rows), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response


@dataclass(frozen=True)
class Fault:
    """A problem as people read it."""

    where: str
    what: str


def faults_of(refused: FileRefused) -> list[Fault]:
    """Every problem of a refused table, in the order in which they were found."""
    return [Fault(_in_chinese(WHERE, one.where), _in_chinese(WHAT, one.what)) for one in refused.problems]


def _in_chinese(patterns: Sequence[tuple[re.Pattern[str], str]], said: str) -> str:
    for pattern, text in patterns:
        if match := pattern.fullmatch(said):
            return match.expand(text).strip()
    return said


def _compiled(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in pairs)


WHERE = _compiled(
    (r"file", "整个文件"),
    (r"(?:sheet (.+) )?row (\d+)", r"第 \2 行"),
    (r"(?:sheet (.+) )?row (\d+) (.+)", r"第 \2 行「\3」"),
    (r"form (\d+)", r"第 \1 张"),
    (r"form (\d+) (.+)", r"第 \1 张「\2」"),
    (r"sheet (.+?) (\S+) and more", r"工作表「\1」\2 等处"),
    (r"sheet (.+?) (.+)", r"工作表「\1」\2"),
    (r"line (\d+)", r"第 \1 行"),
)
# What is wrong, and what to do about it: the sentences of kit/sheets, kit/xlsx, kit/cells and of the outreach slice.
WHAT = _compiled(
    (r"not found", "没有选择文件。请先选择文件再上传"),
    (r"(\.\w+) is not read", r"不支持 \1 文件。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传"),
    (r"is an old \.xls, or protected by a password", "是旧版 .xls 或有密码保护。请另存为不带密码的 .xlsx"),
    (r"is no \.xlsx, whatever its name says", "不是 .xlsx 文件。请用 Excel 或 WPS 另存为 .xlsx 后再上传"),
    (r"is a zip archive, but no workbook", "是压缩包，不是表格。请解压后上传其中的表格"),
    (
        r"(is damaged.*|holds a part twice|has a document type|is missing|names .+ twice|cannot be read: .+)",
        "文件已损坏。请用 Excel 或 WPS 打开，另存为新的 .xlsx 后再上传",
    ),
    (r"is neither UTF-8 nor GBK", "文字编码无法识别。请另存为「CSV UTF-8」或 .xlsx"),
    (r"is no CSV: .+", "不是有效的 CSV（引号不成对）。请另存为 .xlsx 后再上传"),
    (r"more than (\d+) rows or (\d+) columns", r"超过 \1 行或 \2 列。请拆成几个文件"),
    (r"more than (\d+) rows", r"超过 \1 行。请拆成几个文件"),
    (r"more than (\d+) columns", r"超过 \1 列。请删去不需要的列"),
    (r"a formula", "单元格里是公式。请复制后选择性粘贴为数值"),
    (r"an error value", "单元格里是错误值。请改为实际内容"),
    (r"merged cells", "有合并的单元格。请取消合并并逐格填写"),
    (r"is TRUE or FALSE, not a text", "被识别为逻辑值。请把单元格设为文本后重新填写"),
    (r"was turned into a date or time", "被自动转成了日期。请把单元格设为文本后重新填写"),
    (r"the column (.+) is unknown", r"没有「\1」这一列。请删去，或改用说明里的列名"),
    (r"the column (.+) is no field and no material", r"「\1」既不是规定的列，也不是物料。请删去，或先登记这种物料"),
    (r"the column (.+) stands twice", r"有两列「\1」。请删去一列"),
    (r"columns are missing: (.+)", r"缺少列：\1。第一行应为列名"),
    (r"(.+) has no pack (.+)", r"\1没有「\2」这种包装。请用已登记的包装"),
    (r"stands in a column without a heading", "所在的列没有列名。请删去，或补上列名"),
    (r"holds no volunteer", "没有志愿者。请每人每个区域填一行"),
    (r"holds no form", "没有上报单。请每次走访填一行"),
    (r"is empty although an end is given", "填了结束日期却没有开始日期。请补上"),
    (r"is empty", "没有填写"),
    (r"(\S+) lies before (\S+)", r"结束日期 \1 早于开始日期 \2"),
    (r"['\"](.*)['\"] is not a code", r"「\1」不是编号。请用 1 到 32 位字母、数字或连字符"),
    (r"is too long or not printable", "太长，或含有特殊字符"),
    (r"['\"](.*)['\"] is unknown", r"没有「\1」这一类。请用说明里列出的词"),
    (r"(\S+) is too far away", r"日期 \1 不合理，请核对年份"),
    (r"['\"](.*)['\"] is no date", r"「\1」不是日期。请写成 2026-11-20"),
    (r"['\"](.*)['\"] is no time", r"「\1」不是时间。请写成 14:30"),
    (r"['\"](.*)['\"] is no whole number", r"「\1」不是整数。请只填数字"),
    (r"['\"](.*)['\"] is neither 是 nor 否", r"「\1」既不是「是」也不是「否」"),
    (r"0 is no revision", "修订号从 1 开始"),
    (r"the visit is still to come", "走访时间还没有到，没写时间的按中午 12 点计。请核对日期和时间"),
    (
        r"(.+) has another name or kind in (?:sheet .+ )?row (\d+)",
        r"编号 \1 在第 \2 行的姓名或类别不同。请改成一样，或换编号",
    ),
    (
        r"(.+) serves (.+) in (?:sheet .+ )?row (\d+) too, and the days overlap",
        r"编号 \1 在第 \3 行已负责 \2，日期重叠。请删去一行，或把日期分开",
    ),
    (r"(.+) stands in (?:sheet .+ )?row (\d+) too", r"单号 \1 在第 \2 行已有。每张单要有自己的单号"),
    (r"(.+) stands in form (\d+) too", r"单号 \1 与第 \2 张相同。每张单要有自己的单号"),
    (r"region (.+) is unknown", r"没有区域 \1。请用区域编号"),
    (r"region (.+) is not in your reach", r"区域 \1 不归您管理"),
    (r"(.+) is a volunteer of (.+)", r"编号 \1 已是 \2 的志愿者。请换一个编号"),
    (r"(.+) is on no list", r"名单里没有编号 \1"),
    (r"(.+) does not serve your regions", r"编号 \1 不在您的区域服务。请交给其所在社区录入"),
    (r"form (.+): other_content", r"单号 \1 已经录入过，内容不同。如需更正，请在「修订」列填更大的数"),
    (r"form (.+): id_taken", r"单号 \1 已用于另一名志愿者。请换一个单号"),
    (r"campaign: .*No such campaign.*", "没有这个活动。请核对活动代码"),
    (r"region: .*No such region.*", "没有这个区域。请核对区域编号"),
    (r"households: .*", "户数应在 0 到 100000 之间"),
    (r"people: .*", "人次应在 0 到 100000 之间"),
    (r"note: .*", "备注请写在 200 字以内"),
    (r"revision: .*", "修订号太大"),
    (r"handouts: .*", "一张单上的物料种类太多"),
    (r"handouts\.\d+\.quantity: .*", "物料数量太大"),
)
