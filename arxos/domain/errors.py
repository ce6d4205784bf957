"""Everything that can go wrong, as one tree. The first fork is: can trying again help?

ArxosError
├── TransientError            trying again may help
│   ├── UnavailableError      a server or file store did not answer
│   ├── TimedOutError         a limit of time or memory was reached
│   ├── OverloadedError       too much is due already; it says when to come again
│   ├── InterruptedError_     the worker was told to stop; the attempt is given back
│   └── UnknownKindError      no such job kind here (a rolling deploy: another worker may know it)
└── PermanentError            trying again gives the same answer
    ├── InvalidError          the input is wrong; the message names the place
    │   ├── InvalidPayloadError
    │   ├── InvalidBuildingError
    │   │   ├── InvalidAddressError
    │   │   ├── DuplicateFloorError
    │   │   └── InvalidTransitionError
    │   ├── InvalidGeometryError
    │   ├── CycleError        jobs that wait for each other
    │   ├── TooManyEdgesError jobs that wait for too many others
    │   ├── UnknownWebhookError
    │   └── ModelRefusedError
    │       └── UnsupportedSchemaError
    ├── ForbiddenError        the caller may not do this
    ├── NotFoundError         the thing named does not exist
    │   └── UnknownPredecessorError
    ├── UnreadableJobError    a job as it is stored cannot be read by this version
    ├── ConflictError         the thing is in a state that does not allow this
    │   ├── IdTakenError      another job has the id
    │   ├── KeyReusedError    the submitter used the idempotency key for another request
    │   └── StaleError        it has changed since the caller saw it
    └── CancelledError        somebody cancelled the job

Messages are lower case and name the thing: ``no building 'b-17'``.
"""

from collections.abc import Mapping
from uuid import UUID


class ArxosError(Exception):
    """The root: every error that the system raises on purpose."""


class TransientError(ArxosError):
    """Trying again may help."""


class UnavailableError(TransientError):
    """A server or a file store did not answer."""


class TimedOutError(TransientError):
    """A limit of time or memory was reached."""


class OverloadedError(TransientError):
    """Too much is due already; come again after `wait_s` seconds."""

    def __init__(self, message: str = "", wait_s: int = 0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class InterruptedError_(TransientError):
    """The worker was told to stop: the attempt is given back, not burned."""


class UnknownKindError(TransientError):
    """No such job kind in this version of the code; another worker may know it."""


class PermanentError(ArxosError):
    """Trying again gives the same answer."""


class InvalidError(PermanentError):
    """The input is wrong; the message names the place."""


class InvalidPayloadError(InvalidError):
    """A request or its payload does not fit. `fields`: what is wrong with each part, by its place."""

    def __init__(self, message: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class InvalidBuildingError(InvalidError):
    """A building would break one of its own rules."""


class InvalidAddressError(InvalidBuildingError):
    """Not a postal address."""


class DuplicateFloorError(InvalidBuildingError):
    """The building has this floor already."""


class InvalidTransitionError(InvalidBuildingError):
    """A building's status cannot change like this."""


class InvalidGeometryError(InvalidError):
    """A shape that cannot be used: too few vertices, not finite, no area."""


class ModelRefusedError(InvalidError):
    """A model file that cannot be read: empty, truncated, not of its format; the message names the place."""


class UnsupportedSchemaError(ModelRefusedError):
    """A well-formed file of a schema that is not supported."""


class OfOneJob(Exception):  # noqa: N818 - what some errors have in common, none by itself
    """What a submission is refused for is one job of it, `job_id`, and the part of its request that `field` names."""

    field = "after"

    def __init__(self, message: str, job_id: UUID | None = None) -> None:
        super().__init__(message)
        self.job_id = job_id


class CycleError(InvalidError, OfOneJob):
    """Jobs wait for each other in a circle; `job_id` is one of them."""


class TooManyEdgesError(InvalidError, OfOneJob):
    """Jobs of one submission wait for too many others together; `job_id` is the first beyond."""


class UnknownWebhookError(InvalidError, OfOneJob):
    """The job `job_id` names a webhook that does not exist, or is another's."""

    field = "webhook_id"


class ForbiddenError(PermanentError):
    """The caller may not do this; `field`: the part of the request that it is about."""

    def __init__(self, message: str, field: str = "kind") -> None:
        super().__init__(message)
        self.field = field


class NotFoundError(PermanentError):
    """The thing named does not exist."""


class UnknownPredecessorError(NotFoundError, OfOneJob):
    """The job `job_id` is to wait for one that does not exist."""


class UnreadableJobError(PermanentError):
    """A job as it is stored cannot be read by this version; the message names each part and why."""


class ConflictError(PermanentError):
    """The thing is in a state that does not allow this."""


class IdTakenError(ConflictError, OfOneJob):
    """The id of `job_id` is another job's."""

    field = "id"


class KeyReusedError(ConflictError, OfOneJob):
    """The submitter of `job_id` has used its idempotency key before, for another request."""

    field = "idempotency_key"


class StaleError(ConflictError):
    """The thing has changed since the caller saw it."""


class CancelledError(PermanentError):
    """Somebody cancelled the job."""
