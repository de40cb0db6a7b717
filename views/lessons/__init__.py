"""The lessons by their names: a file for each in the folder `course`."""

from __future__ import annotations

from landscape.discover import discover
from views.lessons.lesson import Lesson

LESSONS = discover("views.lessons.course", "LESSON", Lesson, lambda lesson: lesson.place)
