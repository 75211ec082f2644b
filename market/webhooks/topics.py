"""The one list of what is published, and of whom it concerns in kind. Pure.

A row: where it is published (`source.kind`), its words, the kind of row that its events are about where that is not
the kind itself, and the acts. The types of events are `source.kind.act`; tests hold every topic of an outbox to them.
"""

from __future__ import annotations

from typing import NamedTuple

OWN, PUBLIC, BUREAU = AUDIENCES = ("own", "public", "bureau")
"""Told to the participants that it concerns, to every participant, or to nobody outside the bureau."""
TESTED = "webhooks.webhook_endpoint.tested"
TRADE_MADE, ORDER_FILLED = "trading.trade.made", "trading.order.filled"
"""Not in the outbox: read off the tape, so that the engine writes nothing for them."""
BATCH = "trading.batch.committed"


class EventType(NamedTuple):
    """One type of events. `about` is the kind of the row that `data` of its events names first."""

    name: str
    zh: str
    en: str
    audience: str
    about: str


_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("county.pack", "县域规则包", "county pack", "county_pack", "installed"),
    ("participants.participant", "参与主体", "participant", "participant",
     "applied admitted refused suspended reinstated closed erased contact_erased"),
    ("participants.document", "权属材料", "document of a right", "document", "erased"),
    ("participants.credit_entry", "信用记录", "credit entry", "credit_entry", "recorded withdrawn"),
    ("participants.credit_appeal", "信用申诉", "credit appeal", "credit_appeal", "lodged granted rejected"),
    ("participants.unmasking", "个人信息查看", "look at personal data", "unmasking", "made"),
    ("participants.erasure_request", "删除请求", "request to erase", "erasure_request", "decided"),
    ("registry.entitlement", "水权", "entitlement", "entitlement",
     "applied accepted published objected objection_upheld objection_dismissed hearing_opened hearing_closed"
     " dispute_opened dispute_closed confirmed refused withdrawn succeeded suspended reinstated amended split merged"
     " transferred inherited renewal_asked renewed renewal_refused excused cancelled expired"),
    ("registry.objection", "异议", "objection", "objection", "lodged upheld dismissed lapsed"),
    ("registry.water_account", "水量账户", "water account", "water_account",
     "opened closed use_plan_recorded year_ended reversed curtailed"),
    ("registry.water_assessment", "水资源论证", "water assessment", "water_assessment", "recorded"),
    ("registry.certificates", "水权证批量", "certificates", "import", "imported"),
    ("registry.announcement", "水量公告", "announcement", "announcement", "made reversed"),
    ("registry.limit", "总量指标", "limit", "limit", "set changed"),
    ("registry.curtailment", "削减", "curtailment", "curtailment", "ordered cancelling posted done"),
    ("registry.water_year", "水年", "water year", "carry_over", "closing closed"),
    ("registry.spillable", "可弃水量", "spillable water", "carry_over", "released spilled"),
    ("registry.restriction", "限制措施", "restriction", "restriction", "imposed lifted"),
    ("registry.trust", "托管", "trust", "trust",
     "opened ended given_back recalled collected member_offered member_accepted member_refused member_withdrawn"
     " member_brought_in member_leaving member_taken_out"),
    ("registry.pledge_consent", "质押查询授权", "consent to a search", "pledge_consent", "granted revoked"),
    ("registry.pledge", "质押", "pledge", "pledge",
     "applied agreed refused registered secured released lapsed sale_consented enforced paid alerted curtailed"),
    ("registry.pledge_sale", "质押水量变卖", "sale of pledged water", "pledge_sale", "paid_out taken_back"),
    ("registry.lease", "租赁", "lease", "lease",
     "registered ended terminated passed_on lapsed struck waits delivered"),
    ("metering.meter", "计量设施", "meter", "meter",
     "registered counter_replaced calibrated conversion_recorded assigned closed"),
    ("metering.gate", "闸口", "gate", "meter", "served"),
    ("metering.reading", "读数", "reading", "reading", "recorded corrected replaced held"),
    ("metering.finding", "用水异常", "finding", "finding", "opened confirmed dismissed"),
    ("metering.debt", "欠水", "water debt", "water_account", "paid"),
    ("metering.turn_sheet", "轮灌单", "turn sheet", "turn_sheet", "entered signed discarded"),
    ("payments.deposit", "入金", "deposit", "deposit", "recorded"),
    ("payments.payout", "出金", "payout", "payout", "recorded"),
    ("payments.gateway_payment", "渠道支付", "payment through a provider", "gateway_payment",
     "started capture_asked end_asked declined awaiting_payer processing authorised captured cancelled expired failed"
     " mismatched"),
    ("payments.gateway_refund", "渠道退款", "refund through a provider", "gateway_refund",
     "asked pending succeeded failed returned mismatched"),
    ("payments.gateway_payout", "渠道付款", "payout through a provider", "gateway_payout",
     "asked in_transit paid failed returned mismatched"),
    ("payments.reconciliation_difference", "对账差异", "difference of a reconciliation", "reconciliation_difference",
     "opened matched explained closed"),
    ("settlement.delivery", "输水单", "delivery", "delivery",
     "ordered dispatched confirmed short made_good reversed refund_proposed refund_declined refunded"),
    ("trading.trade", "成交", "trade", "trade", "made"),
    ("trading.order", "买卖水单", "order", "order", "filled"),
    ("trading.batch", "撮合批次", "batch of the engine", "batch", "committed"),
    ("trading.product", "交易品种", "product", "product", "stopped"),
    ("trading.reference_price", "参考价", "reference price", "reference_price", "set"),
    ("trading.deal", "场外达成的交易", "deal", "deal", "struck traded refused"),
    ("trading.call", "集合竞价", "call auction", "call", "opened closed cleared halted void rejected settled"),
    ("trading.listing", "挂牌", "listing", "listing",
     "published opened awarded offered confirmed accepted sold unsold postponed cancelled stopped"),
    ("trading.bidder", "竞买人", "bidder", "bidder", "registered withdrawn forfeited"),
    ("trading.bid", "报价", "bid", "bid", "placed"),
    ("trading.negotiation", "协议转让", "negotiation", "negotiation",
     "opened offered accepted signed price_reported objected publication_ended approved refused withdrawn expired"
     " cancelled"),
    ("trading.programme", "收购计划", "purchase programme", "programme",
     "published subscribed withdrawn annexed approved rejected failed cancelled line_freed"),
    ("trading.buy_back", "回购", "buy-back", "buy_back", "published ended"),
    ("trading.buy_back_take", "回购应卖", "take of a buy-back", "buy_back_take", "struck"),
    ("trading.resale_round", "转售轮次", "round of resale", "resale_round", "opened closed cancelled"),
    ("trading.resale_bid", "转售报价", "bid in a resale", "resale_bid", "sealed withdrawn"),
    ("trading.storage_need", "公共储备需求", "need of public storage", "storage_need", "stated"),
    ("trading.storage_assignment", "储备水量划拨", "assignment of stored water", "storage_assignment", "made"),
    ("contracts.firm", "节水服务企业", "service firm", "firm", "registered amended listed refused suspended left"),
    ("contracts.firm_qualification", "企业资质", "qualification", "firm_qualification", "submitted confirmed refused"),
    ("contracts.project", "节水项目", "saving project", "project", "published withdrawn chosen"),
    ("contracts.project_mark", "项目标识", "mark of a project", "project_mark", "given removed"),
    ("contracts.proposal", "项目方案", "proposal", "proposal", "submitted withdrawn"),
    ("contracts.saving_contract", "合同节水合同", "saving contract", "saving_contract",
     "drafted phase ended deposit_freed period_waived"),
    ("contracts.contract_version", "合同版本", "version of a contract", "contract_version",
     "drafted signed_by agreed withdrawn"),
    ("contracts.contract_baseline", "基准", "baseline", "contract_baseline", "proposed consented agreed"),
    ("contracts.contract_due", "合同应付款", "due under a contract", "contract_due", "arose set_off paid"),
    ("contracts.saving_report", "节水量报告", "saving report", "saving_report",
     "drafted revised merged given_up submitted accepted verified returned disputed voided reopened distributed"),
    ("contracts.report_adjustment", "报告调整", "adjustment of a report", "report_adjustment", "proposed accepted"),
    ("contracts.report_dispute", "报告争议", "dispute of a report", "report_dispute",
     "raised verifier_named resolved"),
    ("contracts.report_distribution", "收益分配", "distribution", "report_distribution", "made"),
    ("contracts.report_claw_back", "追回", "claw-back", "report_claw_back",
     "proposed opened withdrawn verified decided not_agreed settled upheld"),
    ("contracts.saving_clearance", "节水量核准", "clearance of saved water", "saving_clearance", "recorded withdrawn"),
    ("contracts.saving_lot", "可交易节水指标", "lot of saved water", "saving_lot", "issued retired expired"),
    ("contracts.lot_offer", "节水指标出让", "offer of a lot", "lot_offer", "opened closed"),
    ("contracts.invoice", "发票", "invoice", "invoice", "issued taken_back"),
    ("contracts.household_payout", "农户分配", "payout to households", "household_payout", "made"),
    ("contracts.measuring_point", "计量点", "measuring point", "measuring_point", "registered retired"),
    ("contracts.point_reading", "计量点读数", "reading of a measuring point", "point_reading", "recorded corrected"),
    ("contracts.point_bill", "计量点账单", "bill of a measuring point", "point_bill", "recorded"),
    ("contracts.point_night", "夜间流量", "night of a measuring point", "point_night", "recorded corrected"),
    ("contracts.trust_account", "共管账户", "trust account", "trust_account", "opened closed"),
    ("contracts.trust_bill", "供应商账单", "bill of a supplier", "trust_bill", "presented withdrawn paid"),
    ("contracts.trust_movement", "共管账户流水", "movement of a trust account", "trust_movement", "made"),
    ("contracts.trust_period", "共管期间", "period of a trust account", "trust_period", "called settled"),
    ("supervision.review", "成交审核", "review of a trade", "instruction", "approved rejected"),
    ("supervision.desk_review", "业务台卷宗", "file at a desk", "desk_review",
     "opened proposed returned recused hearing_opened hearing_closed objected objection_answered due_soon overdue"
     " escalated approved refused ended_elsewhere"),
    ("supervision.desk_interest", "利害关系", "declared interest", "desk_interest", "declared struck_off"),
    ("supervision.desk_deputy", "代理", "deputy", "desk_deputy", "appointed revoked"),
    ("supervision.notice", "通知书", "notice", "notice", "issued served"),
    ("supervision.complaint", "投诉", "complaint", "complaint", "filed withdrawn upheld dismissed"),
    ("supervision.halt", "暂停交易", "halt", "halt", "ordered lifted"),
    ("supervision.halt", "暂停交易", "halt", "participant", "concerned over"),
    ("supervision.kill_switch", "紧急撤单", "kill switch", "participant", "thrown lifted"),
    ("supervision.order_cancellation", "撤单命令", "cancellation of orders", "order_cancellation", "ordered"),
    ("supervision.orders", "监管撤单", "orders", "participant", "cancelled"),
    ("supervision.settlement_reversal", "交收撤销", "reversal of a settlement", "settlement_reversal",
     "proposed settled rejected withdrawn"),
    ("supervision.settlement", "已交收成交", "settlement", "participant", "reversed"),
    ("supervision.right", "水权", "right", "participant", "suspended"),
    ("supervision.reversal_claim", "撤销追偿", "claim of a reversal", "reversal_claim", "set_off"),
    ("supervision.surveillance_run", "监测", "look of surveillance", "surveillance_run", "done"),
    ("supervision.surveillance_alert", "监测警报", "alert", "surveillance_alert", "raised dismissed"),
    ("supervision.party_mark", "主体标记", "mark of a participant", "party_mark", "recorded"),
    ("supervision.price_decision", "价格决定", "decision that moves prices", "price_decision", "recorded published"),
    ("supervision.supervision_case", "案件", "case", "supervision_case",
     "opened assigned unassigned noted alert_added evidence_added named closed"),
    ("supervision.early_warning", "预警", "early warning", "early_warning", "changed"),
    ("supervision.reduction_plan", "压减方案", "reduction plan", "reduction_plan", "recorded fulfilled ended"),
    ("supervision.filing", "报送", "filing", "filing", "filed corrected explained"),
    ("supervision.department_figure", "部门数据", "figure of a department", "department_figure", "entered"),
    ("supervision.plan_result", "计划成效", "result of the plan", "plan_result", "entered"),
    ("supervision.inspection", "检查", "inspection", "inspection", "planned done cancelled"),
    ("supervision.national_export", "国家系统导出", "national export", "national_export", "made"),
    ("supervision.national_answer", "国家系统回执", "answer of a national system", "national_answer", "taken"),
    ("billing.billing_run", "水费出账", "billing run", "billing_run", "issued posted"),
    ("billing.canal_association", "末级渠系管护", "keeper of end canals", "canal_association", "recorded"),
    ("billing.water_bill", "水费账单", "water bill", "water_bill", "issued overdue"),
    ("billing.water_bill_payment", "水费缴纳", "payment of a water bill", "water_bill_payment",
     "paid offset credited"),
    ("billing.water_receipt", "水费收据", "receipt of a water bill", "water_receipt", "drawn"),
    ("billing.offset_consent", "水费抵扣同意", "consent to an offset", "offset_consent", "given withdrawn taken"),
    ("billing.remittance", "水费解缴", "remittance", "remittance", "made confirmed refused"),
    ("fees.tax_profile", "开票信息", "tax profile", "tax_profile", "set"),
    ("fees.fee_invoice_run", "手续费开票", "run of fee invoices", "fee_invoice_run", "issued"),
    ("fees.fee_invoice", "手续费发票", "fee invoice", "fee_invoice", "issued numbered"),
    ("payments.bank_account", "收款账户", "bank account", "bank_account", "proposed confirmed ended"),
    ("payments.bank_payout", "银行出金", "payout by bank file", "bank_payout",
     "asked withdrawn released paid rejected"),
    ("payments.bank_payout_file", "批量付款文件", "payout file", "bank_payout_file",
     "gathered released cancelled answered"),
    ("payments.bank_statement", "银行对账单", "bank statement", "bank_statement", "taken"),
    ("payments.bank_line", "银行对账单明细", "line of a bank statement", "bank_line", "assigned sent_back charged"),
    ("webhooks.webhook_endpoint", "通知端点", "webhook endpoint", "webhook_endpoint",
     "created amended secret_rotated enabled disabled tested"),
)  # fmt: skip
PUBLIC_KINDS = frozenset(
    {"announcement", "buy_back", "call", "carry_over", "county_pack", "curtailment", "limit", "listing", "product",
     "programme", "project", "project_mark", "reference_price", "resale_round"}
)  # fmt: skip
"""What every participant may read anyway."""
_NOT_PUBLIC = frozenset(
    {"trading.programme.subscribed", "trading.programme.withdrawn", "trading.programme.line_freed"}
)
"""What others do to something public: told to its parties only."""
BUREAU_KINDS = frozenset(
    {"batch", "billing_run", "canal_association", "fee_invoice_run", "bank_payout_file", "bank_statement", "bank_line",
     "unmasking", "import", "restriction", "reconciliation_difference", "desk_review", "desk_interest",
     "desk_deputy", "halt", "kill_switch", "order_cancellation", "settlement_reversal", "reversal_claim",
     "surveillance_run", "surveillance_alert", "party_mark", "price_decision", "supervision_case", "early_warning",
     "reduction_plan", "filing", "department_figure", "plan_result", "inspection", "national_export",
     "national_answer"}
)  # fmt: skip
"""The bureau's own work; whom it concerns is told by events of their own."""

_ACTS_ZH = {
    "answered": "已回盘", "offset": "已由售水款抵扣", "charged": "已记手续费",
    "credited": "已抵扣", "drawn": "已开具", "gathered": "已汇总",
    "sent_back": "已退回", "numbered": "已登记发票号码",
    "accepted": "已接受", "admitted": "已准入", "agreed": "已商定", "alert_added": "已添加警报",
    "alerted": "有变动", "amended": "已变更", "annexed": "已汇总", "applied": "已申请", "appointed": "已指定",
    "approved": "已批准", "arose": "已产生", "asked": "已申请", "assigned": "已分派",
    "authorised": "已预授权", "awaiting_payer": "等待付款人", "awarded": "已确定受让方",
    "calibrated": "已检定", "called": "已收取", "cancelled": "已取消", "cancelling": "撤单中",
    "capture_asked": "已请求扣款", "captured": "已扣款", "changed": "已变化", "chosen": "已选定",
    "cleared": "已出清", "closed": "已关闭", "closing": "结算中", "collected": "已归集",
    "committed": "已提交", "concerned": "涉及本主体", "confirmed": "已确认", "consented": "已同意",
    "contact_erased": "联系方式已删除", "conversion_recorded": "已登记电水折算", "corrected": "已更正",
    "counter_replaced": "已换表", "created": "已创建", "curtailed": "已削减", "decided": "已决定",
    "declared": "已申报", "declined": "被拒绝", "delivered": "已交付", "deposit_freed": "保证金已解除",
    "disabled": "已停用", "discarded": "已作废", "dismissed": "不成立", "dispatched": "已下发",
    "dispute_closed": "争议已结束", "dispute_opened": "争议已开始", "disputed": "有争议", "done": "已完成",
    "distributed": "已分配",
    "drafted": "已起草", "due_soon": "即将到期", "enabled": "已启用", "end_asked": "已请求结束",
    "ended": "已结束", "ended_elsewhere": "另行办结", "enforced": "已处置", "entered": "已录入",
    "erased": "已删除", "escalated": "已上报", "evidence_added": "已添加证据", "excused": "已核准不计闲置",
    "expired": "已到期", "explained": "已说明", "failed": "失败", "filed": "已提交", "filled": "全部成交",
    "forfeited": "保证金被没收", "fulfilled": "已完成", "given": "已授予", "given_back": "已退还",
    "given_up": "已放弃", "granted": "已准许", "halted": "已暂停", "hearing_closed": "听证已结束",
    "hearing_opened": "听证已开始", "held": "待核实", "imported": "已导入", "imposed": "已实施",
    "in_transit": "在途", "inherited": "已继承", "installed": "已安装", "issued": "已签发",
    "lapsed": "已失效", "left": "已退出", "lifted": "已解除", "line_freed": "有一份已释放",
    "listed": "已列入名录", "lodged": "已提出", "made": "已形成", "made_good": "已补足", "matched": "已相符",
    "member_accepted": "成员已接受", "member_brought_in": "成员水量已转入", "member_leaving": "成员拟退出",
    "member_offered": "已邀请成员", "member_refused": "成员已拒绝", "member_taken_out": "成员水量已转出",
    "member_withdrawn": "邀请已撤回", "merged": "已合并", "mismatched": "金额不符", "named": "已列名",
    "not_agreed": "未达一致", "noted": "已记录", "objected": "有异议", "objection_answered": "异议已答复",
    "objection_dismissed": "异议不成立", "objection_upheld": "异议成立", "offered": "已出价",
    "opened": "已开始", "ordered": "已下达", "over": "已结束", "overdue": "已逾期", "paid": "已支付",
    "paid_out": "已付清", "passed_on": "已转移", "pending": "处理中", "period_waived": "期间已放弃",
    "phase": "进入新阶段", "placed": "已提交", "planned": "已计划", "posted": "已入账", "postponed": "已延期",
    "presented": "已提交", "price_reported": "价格已上报", "processing": "处理中", "proposed": "已提议",
    "publication_ended": "公示已结束", "published": "已公示", "raised": "已提出", "recalled": "已收回",
    "recorded": "已记录", "recused": "已回避", "refund_declined": "退款被拒绝",
    "refund_proposed": "已提议退款", "refunded": "已退款", "refused": "被拒绝", "registered": "已登记",
    "reinstated": "已恢复", "rejected": "被否决", "released": "已释放", "removed": "已撤销",
    "renewal_asked": "已申请延续", "renewal_refused": "延续被拒绝", "renewed": "已延续",
    "reopened": "已重新打开", "replaced": "已被替换", "resolved": "已解决", "retired": "已停用",
    "returned": "已退回", "reversed": "已撤销", "revised": "已修订", "revoked": "已撤销",
    "sale_consented": "已同意变卖", "sealed": "已密封", "secret_rotated": "密钥已轮换", "secured": "已落实",
    "served": "已送达", "set": "已设定", "set_off": "已抵扣", "settled": "已结清", "short": "未足额",
    "signed": "已签署", "signed_by": "有一方已签署", "sold": "已售出", "spilled": "已弃水", "split": "已分割",
    "started": "已发起", "stated": "已提出", "stopped": "已停止", "struck": "已达成", "struck_off": "已注销",
    "submitted": "已提交", "subscribed": "有人认售", "succeeded": "已成功", "suspended": "已暂停",
    "taken": "已接收", "taken_back": "已收回", "terminated": "已终止", "tested": "测试", "thrown": "已触发",
    "traded": "已成交", "transferred": "已转让", "unassigned": "已取消分派", "unsold": "流拍",
    "upheld": "成立", "use_plan_recorded": "用水计划已登记", "verified": "已核实",
    "verifier_named": "已指定核查机构", "void": "作废", "voided": "已作废", "waits": "等待",
    "withdrawn": "已撤回", "year_ended": "年度已结转",
}  # fmt: skip


def _audience(name: str, about: str) -> str:
    if about in BUREAU_KINDS:
        return BUREAU
    return PUBLIC if about in PUBLIC_KINDS and name not in _NOT_PUBLIC else OWN


TYPES: dict[str, EventType] = {
    f"{place}.{act}": EventType(
        f"{place}.{act}",
        f"{zh}：{_ACTS_ZH[act]}",
        f"{en}: {act.replace('_', ' ')}",
        _audience(f"{place}.{act}", about),
        about,
    )
    for place, zh, en, about, acts in _ROWS
    for act in acts.split()
}
"""Every topic that is published, by its name."""
TOLD: tuple[str, ...] = tuple(sorted(name for name, each in TYPES.items() if each.audience != BUREAU))
"""The types that participants can be told of."""
