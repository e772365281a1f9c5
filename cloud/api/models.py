"""Models: how a kind of locker is built. A machine serves once its doors are those of its model."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, DoorName, Told
from cloud.domain.actors import Role
from cloud.services.models import models, set_model
from cloud.services.ports import Act, UnitOfWork
from contract.ids import CompartmentLabel
from contract.layout import COMPARTMENTS_MAX, CompartmentPlan, Layout
from contract.sizes import SizeClass

router = APIRouter(prefix="/v1/models", tags=["lockers"])
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.SUPPORT, Role.INSTALLER, Role.PLANNER, changing=False)]
Fitting = Annotated[Call, needs(Role.OPERATOR, Role.INSTALLER)]
PathModel = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$", examples=["S12"])]


class DoorShape(Told):
    label: str
    size: SizeClass
    low: bool


class ModelShape(Told):
    """``compartments`` in the order in which they are painted."""

    model: str
    compartments: list[DoorShape]


class ModelsShape(Told):
    models: list[ModelShape]


class DoorAsked(Asked):
    """``low``: reached sitting, its operable parts between 380 and 1220 mm (EN 301 549)."""

    label: DoorName
    size: SizeClass
    low: bool = False


class ModelAsked(Asked):
    compartments: Annotated[list[DoorAsked], Field(min_length=1, max_length=COMPARTMENTS_MAX)]


@router.get("")
async def get_models(call: Seeing) -> ModelsShape:
    """Return every model, in the order of their names."""
    found = await call.look(models)
    return ModelsShape(models=[ModelShape.model_validate(one) for one in found])


@router.put("/{model}", response_model=ModelShape)
async def put_model(call: Fitting, model: PathModel, asked: ModelAsked) -> Response:
    """Add a model, or change one of which no locker is built."""
    plans = tuple(CompartmentPlan(CompartmentLabel(one.label), one.size, one.low) for one in asked.compartments)

    def work(uow: UnitOfWork, act: Act) -> ModelShape:
        return ModelShape.model_validate(set_model(uow, act, Layout(model, plans)))

    return await call.do(work)
