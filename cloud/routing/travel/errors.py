"""What can be wrong with a routing server; apart from what asks it, so that catching these costs no imports."""


class TravelServerError(Exception):
    """A routing server could not be used; great circles still can.

    TravelServerError
    +-- ServerSilentError    no answer, too late, or an error of its own: asking again may help
    +-- ServerRefusedError   it says that the question is wrong: ``code``
    +-- ServerLiedError      it answered what cannot be true
    """


class ServerSilentError(TravelServerError):
    pass


class ServerRefusedError(TravelServerError):
    def __init__(self, name: str, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{name} refused the question: {code}{': ' + message if message else ''}")


class ServerLiedError(TravelServerError):
    pass
