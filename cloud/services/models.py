"""Models of lockers: layouts known by name, four of them from the start."""

import msgspec

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import Locker
from cloud.services import audit
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Model
from contract.ids import CompartmentLabel, compartment_label
from contract.layout import COMPARTMENTS_MAX, CompartmentPlan, Layout
from contract.sizes import SizeClass


def columns(model: str, *sizes: str) -> Layout:
    """Build a layout from columns of size classes, top to bottom; the lower half of a column is reached sitting."""
    plans = []
    for letter, column in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", sizes, strict=False):
        doors = column.split()
        for number, size in enumerate(doors, start=1):
            label = CompartmentLabel(f"{letter}{number:02d}")
            plans.append(CompartmentPlan(label, SizeClass(size), low=2 * number > len(doors)))
    return Layout(model, tuple(plans))


STANDARD = (
    columns("S12", "S S S M M L", "XS XS S S M XL"),
    columns("M20", "S S S M M M L", "XS XS S S M L", "S S M L", "M L XL"),
    columns("M24", "S S S S M M M L", "XS XS S S M M L", "S S S M M L", "M L XL"),
    columns(
        "L48",
        *["S S S S S M M M", "XS XS S S S M M L", "S S S S M M M L", "XS S S M M M L", "S S M M L XL"],
        *[
            "XS XS S M M L",
            "S S M L XL",
        ],
    ),
)


def models(uow: UnitOfWork) -> list[Layout]:
    """Return every model that machines are built as; a counter's shelf is none."""
    found = [msgspec.json.decode(one.layout, type=Layout) for one in uow.find(Model, order="name")]
    return [one for one in found if one.compartments]


def set_model(uow: UnitOfWork, act: Act, layout: Layout) -> Layout:
    """Add a model; raises ``ConflictError`` for another layout of one that lockers have, or that counters have."""
    known = uow.get(Model, layout.model)
    if known is not None and msgspec.json.decode(known.layout, type=Layout) == layout:
        return layout
    built = uow.count(Locker, model=layout.model)
    if built or (known is not None and not layout_of(uow, layout.model).compartments):
        raise ConflictError(f"{layout.model} is a model of {built} lockers; another layout needs another name")
    add_model(uow, act, layout)
    audit.note(uow, act, "set_model", f"model:{layout.model}")
    return layout


def add_model(uow: UnitOfWork, act: Act, layout: Layout) -> None:
    """Add a model, or change one of the same name that no longer fits what is built."""
    require(act.actor, Role.OPERATOR, Role.INSTALLER)
    labels = [compartment_label(plan.label) for plan in layout.compartments]
    if not 0 < len(labels) <= COMPARTMENTS_MAX:
        raise InvalidError("compartments", f"between 1 and {COMPARTMENTS_MAX}")
    if len(set(labels)) != len(labels):
        raise InvalidError("compartments", "a label stands twice")
    text = msgspec.json.encode(layout).decode()
    if not uow.change(Model, {"name": layout.model}, layout=text):
        uow.add(Model(name=layout.model, layout=text, created_at=act.now))


def add_standard_models(uow: UnitOfWork, act: Act) -> None:
    """Make sure that the models of ``STANDARD`` exist."""
    for layout in STANDARD:
        if uow.get(Model, layout.model) is None:
            add_model(uow, act, layout)


def layout_of(uow: UnitOfWork, model: str) -> Layout:
    """Return the layout of a model; raises ``NotFoundError``."""
    return msgspec.json.decode(uow.need(Model, model).layout, type=Layout)
