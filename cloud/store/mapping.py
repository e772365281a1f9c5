"""Which record lives in which table: the one list that ties ``cloud.domain`` and ``cloud.services.records`` to SQL."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Table

from cloud.domain.capacity import Reservation
from cloud.domain.locker import Compartment, Locker
from cloud.domain.lockout import Lockout
from cloud.domain.outside import CrowdTrip, PartnerTariff
from cloud.domain.parcel import Parcel
from cloud.domain.positions import CourierPosition
from cloud.services import records, records_bulk, records_certificates, records_ops, records_outside
from cloud.store import (
    tables,
    tables_bulk,
    tables_certificates,
    tables_counters,
    tables_ops,
    tables_outside,
    tables_positions,
)

TABLE_OF: Mapping[type[Any], Table] = {
    Locker: tables.locker,
    Compartment: tables.compartment,
    Parcel: tables.parcel,
    Reservation: tables.reservation,
    Lockout: tables_counters.counter_lockout,
    CourierPosition: tables_positions.courier_position,
    CrowdTrip: tables_outside.crowd_trip,
    PartnerTariff: tables_outside.partner_tariff,
    records.LockerKey: tables.locker_key,
    records.Claim: tables.claim,
    records.HistoryEntry: tables.parcel_history,
    records.Consent: tables.consent,
    records.Assignment: tables.assignment,
    records.IssuedGrant: tables.issued_grant,
    records.SealedCode: tables.sealed_code,
    records.PreparedCode: tables.prepared_code,
    records.Courier: tables.courier,
    records.Shift: tables.shift,
    records.Plan: tables.plan,
    records.Route: tables.route,
    records.Stop: tables.stop,
    records.StopTask: tables.stop_task,
    records.Unplanned: tables.unplanned,
    records.Attempt: tables.attempt,
    records_ops.Model: tables.model,
    records_ops.OutboxMessage: tables_ops.outbox_message,
    records_ops.Notification: tables_ops.notification,
    records_ops.CommandSent: tables_ops.command_sent,
    records_ops.Alarm: tables_ops.alarm,
    records_ops.SupportCase: tables_ops.support_case,
    records_ops.AuditEntry: tables_ops.audit_log,
    records_ops.IngestHead: tables_ops.ingest_head,
    records_ops.IdempotencyKey: tables_ops.idempotency_key,
    records_ops.ApiKey: tables_ops.api_key,
    records_ops.Account: tables_ops.account,
    records_ops.ImportRun: tables_ops.import_run,
    records_ops.ImportProblem: tables_ops.import_problem,
    records_ops.JobRun: tables_ops.job_run,
    records_ops.DesiredConfiguration: tables_ops.desired_configuration,
    records_ops.TravelKnowledge: tables_ops.travel_knowledge,
    records_ops.Scenario: tables_ops.scenario,
    records_ops.LockerBoot: tables_ops.locker_boot,
    records_bulk.OperatorKeyRecord: tables_bulk.operator_key,
    records_bulk.OperatorListRecord: tables_bulk.operator_list,
    records_bulk.BulkOpening: tables_bulk.bulk_opening,
    records_certificates.LockerCertificate: tables_certificates.locker_certificate,
    records_outside.Errand: tables_outside.errand,
    records_outside.ErrandParcel: tables_outside.errand_parcel,
    records_outside.Offer: tables_outside.offer,
    records_outside.ParcelChange: tables_outside.parcel_change,
    records_outside.Partner: tables_outside.partner,
    records_outside.WebhookEndpoint: tables_outside.webhook_endpoint,
    records_outside.WebhookMessage: tables_outside.webhook_message,
}


COUNTED: Mapping[type[Any], str] = {records.HistoryEntry: "number"}
"""Fields that the database fills in."""


def values_of(record: Any) -> dict[str, Any]:
    """Return a record's fields as the values of its row (shallow: every field is a column)."""
    counted = COUNTED.get(type(record))
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name != counted}
