"""Since when the oldest message of a list has been waiting, found by counting what entered.

Messages carry no time, but they leave a list in the order in which they entered it. So each is
numbered by its entering, and each poll leaves a mark: all up to this number were there by then.
The oldest message has the number of those entered, less the length, plus one; the first mark
that reaches it says since when it waits, to within a poll. Nothing need be seen leaving.
"""

from collections import deque

_MARKS_MOST = 256
"""Twenty minutes of polls; of an older backlog every other mark is kept, then every fourth."""


class Marks:
    """The marks of one list that holds something."""

    __slots__ = ("_entered", "_marks")

    def __init__(self) -> None:
        self._entered = 0
        self._marks: deque[tuple[int, float]] = deque()
        """How many had entered at a poll, and when it was; both rise."""

    def take(self, entered: int | None, length: int, at: float) -> float:
        """Return since when, at the latest, the oldest message has been in the list.

        At most `entered` messages came since the last call (None: nobody knows how many) and
        `length`, at least 1, are in the list at `at`. Where fewer came the oldest may have waited
        for longer than is said. Messages that a worker gave back stand before the oldest and came
        before it, so they change nothing.
        """
        if entered is None:
            self._entered = length
            self._marks.clear()
        else:
            self._entered += entered
        if entered != 0 or not self._marks:
            self._marks.append((self._entered, at))
        oldest = self._entered - length + 1
        while len(self._marks) > 1 and self._marks[0][0] < oldest:
            self._marks.popleft()
        if len(self._marks) > _MARKS_MOST:
            # A mark that is dropped hands its messages to the next: they wait no less than that.
            self._marks = deque([*list(self._marks)[:-1:2], self._marks[-1]])
        return self._marks[0][1]

    def since(self, place: int, length: int) -> float:
        """Return since when the message `place` behind the oldest is there, as `take` does.

        `length` is as in the call of `take` before.
        """
        number = self._entered - length + 1 + place
        return next((at for entered, at in self._marks if entered >= number), self._marks[-1][1])
