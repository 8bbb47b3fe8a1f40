"""A measurement: a first answer, then answers that are timed and watched, and then the proof that they were right."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from functools import partial

import numpy as np

from smjax.core.machine.topology import read_ghz
from smjax.core.records.answer import IDS_KEPT, Bandwidth, Clock, Memory, Probes
from smjax.worker import process
from smjax.worker.prompt import seeded_prompt
from smjax.worker.surroundings import Surroundings
from smjax.worker.tasks.session import Session
from smjax.worker.timing import answers_to_time, garbage_collection_off, time_answers


def measure(session: Session) -> None:
    """Answer once; warm up and time answers; then prove that what was timed is right, or fail."""
    prompt = _first_answer(session)
    surroundings = Surroundings(session.request.cpus, session.scenario.threads)
    with garbage_collection_off():
        peak_before = time_all(session, prompt, surroundings.look)
        surroundings.look()
    answer = session.answer
    n_answers = len(answer.warmup_samples) + len(answer.samples)
    around = surroundings.close(session.scenario.n_gen * n_answers)
    session.phase_done("measure")
    answer.threads.cpu_ns, answer.readings, answer.energy = around.thread_cpu_ns, around.readings, around.energy
    answer.probes = around.probes
    read_memory(session, peak_before)
    answer.ghz = clock(around.probes, len(answer.samples), answer.threads.affinity)
    check(session, prompt)
    read_bandwidth(session)


def _first_answer(session: Session) -> np.ndarray:
    """From nothing to the first id; the seeded prompt that it answers, int32[n_prompt]."""
    prompt = seeded_prompt(session.scenario, session.model.config.n_vocab)
    session.prepare()
    session.engine.answer(prompt, 1, lambda ids: None)
    session.cold_start_done()
    return prompt


def time_all(session: Session, prompt: np.ndarray, between: Callable[[], None]) -> int | None:
    """Warm up and measure, with nothing in between that would cost the first sample caches or memory.

    Returns the peak of memory until the timed answers, for which it then began anew; None where it could not.
    """
    s, answer = session.scenario, session.answer
    each_token = s.tokens_per_dispatch == 1
    timed = partial(time_answers, session.engine, prompt, s.n_gen, each_token=each_token, between=between)
    session.say("warmup")
    answer.warmup_samples = timed(max(0, s.measure.warmup - 1))
    session.say("measure")  # now, so that whoever shows it has done so when the last of the warm-up is over
    told = list[list[int]]()
    answer.warmup_samples += timed(min(1, s.measure.warmup), told=told)
    answer.ids = list(itertools.chain.from_iterable(told))[:IDS_KEPT]
    session.phase_done("warmup")
    peak_before = process.renew_peak_rss()
    answer.samples = timed(answers_to_time(s.measure, answer.warmup_samples))
    return peak_before


def check(session: Session, prompt: np.ndarray) -> None:
    """After everything that is measured: nobody's answer needs the programs that it compiles, nor their memory."""
    session.say("check")
    session.answer.checks = session.engine.check(prompt)
    session.phase_done("check")


def read_memory(session: Session, peak_before: int | None) -> None:
    """What it took; `peak_before` is the peak until the timed answers, None where that was not read."""
    memory = session.answer.memory = session.answer.memory or Memory()
    peak = process.peak_rss_bytes()
    memory.steady_rss_bytes = None if peak_before is None else peak
    memory.peak_rss_bytes = max(filter(None, (peak_before, peak)), default=None)
    memory.anon_bytes, memory.file_bytes = process.resident_parts()


def clock(probes: Probes | None, n_samples: int, cpus: list[int]) -> Clock:
    """While answers were timed: of each thread the median of what was probed, and the mean of these.

    Without probes as the system reports it of the first CPU.
    """
    if probes is not None:
        timed = probes.ghz[-n_samples - 1 :]
        each = [statistics.median(thread) for thread in zip(*timed, strict=True)]
        return Clock(round(statistics.fmean(each), 4), "measured")
    ghz = read_ghz(cpus[0]) if cpus else None
    return Clock(ghz, "read" if ghz else None)


def read_bandwidth(session: Session) -> None:
    """After everything that is measured: what it takes would count in the peak, and nothing is lost where it fails."""
    session.say("bandwidth")
    try:
        rate = session.engine.read_bandwidth()
    except (MemoryError, ValueError):  # there is no room for it, or there are no more threads
        rate = None
    session.answer.read_bandwidth = Bandwidth(rate, session.answer.bytes_per_token)
    session.phase_done("bandwidth")
