"""States and roles as people read them."""

ROLES = {"clerk": "社区窗口", "operator": "街道管理员", "auditor": "审计员", "partner": "联合单位"}
AWARD_STATES = {"won": "待领取", "redeemed": "已领取", "expired": "已过期", "void": "已作废"}
CAMPAIGN_STATES = {
    "draft": "草稿",
    "published": "进行中",
    "paused": "已暂停",
    "closing": "收尾中",
    "closed": "已结束",
    "archived": "已归档",
}
ROUND_STATES = {"planned": "未开始", "open": "进行中", "closed": "已结束"}

HELD_REASONS = {
    "no_assignment": "志愿者当时不负责这个区域",
    "outside_campaign": "不在活动的时间或区域之内",
    "too_late": "超过了活动的补报期限",
    "clock_ahead": "走访时间晚于收到的时间，手机时钟可能偏快",
}
DECISIONS = {"count": "计入", "refuse": "不计入"}
TALLY_STATES = {"counted": "已计入", "held": "待核实", "refused": "未计入", "void": "已作废"}
SETTINGS = {"household": "住户", "shop": "商铺", "stall": "摆点", "talk": "讲座"}
ACTS = {
    "receive": "入库",
    "issue": "领用",
    "return": "退回",
    "transfer": "调拨",
    "hand_out": "发放",
    "loss": "损耗",
    "count": "盘点",
    "reversal": "冲销",
}
HOLDERS = {"supplier": "供应商", "store": "仓库", "volunteer": "志愿者", "public": "居民", "lost": "损耗"}
