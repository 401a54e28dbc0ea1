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
PRIZE_KINDS = {"goods": "实物", "coupon": "券码"}
LEFTOVERS = {"returned": "退回主办方", "closing-draw": "活动结束后补抽"}
DIFFICULTIES = {1: "容易", 2: "中等", 3: "较难"}
QUESTION_STATES = {"draft": "草稿", "waiting": "修改待审核", "reviewed": "已审核", "retired": "已停用"}
QUESTION_KINDS = {"single": "单选题", "multiple": "多选题", "judge": "判断题"}
ROUND_STATES = {"planned": "未开始", "open": "进行中", "closed": "已结束"}
