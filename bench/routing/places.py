"""What everybody else does: decide where each parcel goes first, then route. Keeps rooms and service levels."""

from collections.abc import Callable
from dataclasses import replace

from cloud.routing.joint.instance import Answer, Instance, Option

Wish = Callable[[Instance, list[int]], list[int]]


def first_choice(instance: Instance, options: list[int]) -> list[int]:
    """Order options by what the recipient likes best."""
    return sorted(options, key=lambda number: instance.options[number].rank)


def nearest_shared(instance: Instance, options: list[int]) -> list[int]:
    """Order options: the locker nearest to the first option's place, then by rank."""
    home = instance.options[options[0]].location

    def key(number: int) -> tuple[bool, int, int]:
        option = instance.options[number]
        shared = instance.locations[option.location].room is not None
        return not shared, int(instance.cost[0, home, option.location]) if shared else 0, option.rank

    return sorted(options, key=key)


def decide(instance: Instance, wish: Wish) -> Instance:
    """Return the instance with one option left for each customer, those with the fewest options served first."""
    rooms = [list(room) for room in instance.rooms]
    budget = list(instance.budget)
    chosen: dict[int, int] = {}
    choices = instance.options_of()
    for customer in sorted(range(len(choices)), key=lambda one: len(choices[one])):
        wanted = wish(instance, list(choices[customer]))
        size = instance.customers[customer].size
        number = next((one for one in wanted if _fits(instance, one, (rooms, budget, size))), wanted[0])
        chosen[customer] = number
        _take(instance, instance.options[number], (rooms, budget, size))
    return replace(instance, options=tuple(instance.options[chosen[one]] for one in range(len(choices))))


def _fits(instance: Instance, number: int, left: tuple[list[list[int]], list[int], int]) -> bool:
    rooms, budget, size = left
    option = instance.options[number]
    room = instance.locations[option.location].room
    served = all(budget[rank] > 0 for rank in range(min(option.rank, len(budget))))
    return served and (room is None or any(rooms[room][size:]))


def _take(instance: Instance, option: Option, left: tuple[list[list[int]], list[int], int]) -> None:
    rooms, budget, size = left
    for rank in range(min(option.rank, len(budget))):
        budget[rank] -= 1
    room = instance.locations[option.location].room
    if room is not None:
        fitting = [index for index in range(size, len(rooms[room])) if rooms[room][index] > 0]
        if fitting:
            rooms[room][fitting[0]] -= 1


def back(instance: Instance, decided: Instance, answer: Answer) -> Answer:
    """Return an answer to ``decided`` in the numbers of the instance it was made from."""
    numbers = {(one.customer, one.location): number for number, one in enumerate(instance.options)}
    options = [numbers[one.customer, one.location] for one in decided.options]
    routes = tuple((vehicle, tuple(options[one] for one in route)) for vehicle, route in answer.routes)
    return Answer(routes, answer.absent)
