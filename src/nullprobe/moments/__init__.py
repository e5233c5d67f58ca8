"""Sufficient statistics of a representation and its concept, which can be updated and merged."""

from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.moments import Moments
from nullprobe.moments.task_moments import TaskMoments

__all__ = ["ClassMoments", "Moments", "TaskMoments"]
