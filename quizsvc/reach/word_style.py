"""How an official bulletin looks in Word: A4, the margins and sizes of official papers, East-Asian fonts by name."""

from dataclasses import dataclass
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.shared import Mm

WIDTH = Mm(210 - 28 - 26)  # of the text
LATIN = "Times New Roman"
FANGSONG, HEI, KAI, SONG, TITLE_SONG = "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体", "方正小标宋简体"
# What a program shows where a font is missing: the office's machines have the first, WPS and others one of the rest.
INSTEAD = {
    FANGSONG: "仿宋,FangSong,STFangsong",
    HEI: "SimHei,STHeiti",
    KAI: "楷体,KaiTi,STKaiti",
    SONG: "SimSun,STSong",
    TITLE_SONG: "华文中宋,宋体,SimSun",
}
RED = "C00000"


@dataclass(frozen=True)
class Look:
    """A paragraph style. `shape` is its w:pPr, `size` in points."""

    id: str
    name: str
    font: str
    size: float
    shape: str
    colour: str = "000000"


BODY, TITLE, FIRST, SECOND, BANNER, ISSUER, CELL, ASKED, NOTE, FIGURE = (
    "Normal",
    "Title",
    "heading 1",
    "heading 2",
    "版头",
    "版头说明",
    "表格文字",
    "要素",
    "图注",
    "图",
)
LINE = '<w:spacing w:line="560" w:lineRule="exact"/>'
INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
CENTRED = '<w:jc w:val="center"/>'
RULE = f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="4" w:color="{RED}"/></w:pBdr>'
LOOKS = (
    Look("Normal", BODY, FANGSONG, 16, f'<w:widowControl/>{LINE}{INDENT}<w:jc w:val="both"/>'),
    Look("Title", TITLE, TITLE_SONG, 22, f'<w:spacing w:before="360" w:after="240"/>{CENTRED}'),
    Look("Heading1", FIRST, HEI, 16, f'<w:keepNext/><w:keepLines/>{LINE}{INDENT}<w:outlineLvl w:val="0"/>'),
    Look("Heading2", SECOND, KAI, 16, f'<w:keepNext/><w:keepLines/>{LINE}{INDENT}<w:outlineLvl w:val="1"/>'),
    Look("Banner", BANNER, TITLE_SONG, 36, f'<w:spacing w:before="240" w:after="360"/>{CENTRED}', RED),
    Look(
        "Issuer",
        ISSUER,
        FANGSONG,
        12,
        f'{RULE}<w:tabs><w:tab w:val="right" w:pos="{WIDTH.twips}"/></w:tabs><w:spacing w:after="0"/>',
    ),
    Look("TableText", CELL, SONG, 9, '<w:spacing w:after="0" w:line="240" w:lineRule="auto"/>'),
    Look("Asked", ASKED, FANGSONG, 12, '<w:spacing w:before="40" w:after="40"/>'),
    Look("Note", NOTE, SONG, 9, f'<w:keepNext/><w:spacing w:before="120" w:after="0"/>{CENTRED}'),
    Look("Figure", FIGURE, SONG, 9, f'<w:spacing w:before="60" w:after="120"/>{CENTRED}'),
    Look("Footer", "footer", SONG, 14, CENTRED),
)
THIN = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def blank_document() -> Document:
    """An empty document in this look, with the page's number below."""
    document = docx.Document()
    _set_page(document)
    _set_styles(document)
    _set_fonts(document)
    _leave_behind(document)
    _set_settings(document)
    return document


def _set_page(document: Document) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = map(Mm, (37, 35, 28, 26))
    page.footer_distance = Mm(22)
    number = f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    below = page.footer.paragraphs[0]
    below.add_run("— ")
    below._p.append(parse_xml(number))
    below.add_run(" —")


def _set_settings(document: Document) -> None:
    """Chinese, and no sign of an older Word's ways, which Word calls 兼容模式."""
    settings: Any = document.settings.element
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    for one in settings.iter(qn("w:compatSetting")):
        if one.get(qn("w:name")) == "compatibilityMode":
            one.set(qn("w:val"), "15")


def _set_styles(document: Document) -> None:
    """This look's styles in the place of the template's, none of which suits."""
    styles: Any = document.styles.element
    for one in styles.findall(qn("w:style")):
        styles.remove(one)
    defaults = styles.find(qn("w:docDefaults"))
    styles.replace(
        defaults, parse_xml(f"<w:docDefaults {nsdecls('w')}>{_default_run()}<w:pPrDefault/></w:docDefaults>")
    )
    for look in LOOKS:
        styles.append(parse_xml(_style(look)))
    styles.append(
        parse_xml(
            f'<w:style {nsdecls("w")} w:type="table" w:default="1" w:styleId="TableGrid"><w:name w:val="Table Grid"/>'
            f"<w:tblPr><w:tblBorders>{THIN}</w:tblBorders><w:tblCellMar>"
            '<w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        )
    )


def _default_run() -> str:
    return f'<w:rPrDefault><w:rPr>{_font(FANGSONG)}<w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>'


def _font(east: str) -> str:
    return f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{east}" w:cs="{LATIN}"/>'


def _style(look: Look) -> str:
    default = ' w:default="1"' if look.name == BODY else ""
    half_points = round(look.size * 2)
    return (
        f'<w:style {nsdecls("w")} w:type="paragraph"{default} w:styleId="{look.id}"><w:name w:val="{look.name}"/>'
        f'<w:qFormat/><w:pPr>{look.shape}</w:pPr><w:rPr>{_font(look.font)}<w:color w:val="{look.colour}"/>'
        f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/></w:rPr></w:style>'
    )


def _set_fonts(document: Document) -> None:
    """The table of fonts, which names what to take where one is missing."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="86"/></w:font>'
        for name, instead in INSTEAD.items()
    )
    part = document.part
    (old,) = [one.rId for one in part.rels.values() if one.reltype == RELATIONSHIP_TYPE.FONT_TABLE]
    part.drop_rel(old)
    content = f"<?xml version='1.0' encoding='UTF-8' standalone='yes'?><w:fonts {nsdecls('w')}>{fonts}</w:fonts>"
    made = Part(PackURI("/word/fontTable.xml"), CONTENT_TYPE.WML_FONT_TABLE, content.encode(), part.package)
    part.relate_to(made, RELATIONSHIP_TYPE.FONT_TABLE)


def _leave_behind(document: Document) -> None:
    """The template's preview picture and older copy of its styles show another document."""
    for rels, kinds in (
        (document.part.package.rels, ("/thumbnail",)),
        (document.part.rels, ("/stylesWithEffects", "/customXml")),
    ):
        for rel_id in [one.rId for one in rels.values() if one.reltype.endswith(kinds)]:
            del rels[rel_id]
