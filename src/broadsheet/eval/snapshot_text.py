"""Titles, sentences and names for made-up papers, by field: put together, never copied whole.

A `Field` holds fragments that are JSON already (escaped, without quotes), so that a line is put
together by joining. From a corpus come real sentences and real halves of titles, mixed anew
within a field; without one a small grammar makes them. Either way the texts mean nothing, but
their words are as common and as rare, and their lengths as long and as short, as real ones.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from broadsheet.model import Record

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from broadsheet.ports import Source

FRAGMENTS = 900  # titles' halves and sentences of one field that are kept
READ = 40_000  # records of a corpus that are looked at
FEWEST = 60  # a field with fewer sentences is left out
WRAP = 78  # characters of a line in the snapshot
PEOPLE = 24_000
ACCENTS = {"á": "\\'a", "é": "\\'e", "ö": '\\"o', "ü": '\\"u', "ñ": "\\~n", "ç": "\\c{c}"}
SENTENCE = re.compile(r"(?<=[a-z)][.!?])\s+(?=[A-Z])")


@dataclass(slots=True)
class Field:
    """One primary category, and what its papers are made of."""

    category: str
    heads: list[str] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


def from_corpus(sources: Iterable[Source]) -> list[Field]:
    """Return the fields of a corpus that have sentences enough, by category."""
    fields: dict[str, Field] = {}
    for source in sources:
        records = (item for item in source.read() if isinstance(item, Record))
        for record in islice(records, READ):
            category = record.categories[0] if record.categories else "cs.LG"
            _learn(fields.setdefault(category, Field(category)), record)
    return [each for _, each in sorted(fields.items()) if len(each.sentences) >= FEWEST]


def _learn(one: Field, record: Record) -> None:
    words = record.title.split()
    middle = len(words) // 2
    if len(words) >= 4 and len(one.heads) < FRAGMENTS:  # noqa: PLR2004  # two words a half
        one.heads.append(_escaped(" ".join(words[:middle])))
        one.tails.append(_escaped(" ".join(words[middle:])))
    if len(one.sentences) < FRAGMENTS:
        one.sentences += [_escaped(wrapped(each)) for each in SENTENCE.split(record.abstract)]


def from_grammar(chance: random.Random) -> list[Field]:
    """Return fields that a small grammar made."""
    fields = []
    for category, things in sorted(THINGS.items()):
        made = Field(category)
        for _ in range(FRAGMENTS):
            made.heads.append(_escaped(_filled(HEADS, things, chance).capitalize()))
            made.tails.append(_escaped(_filled(TAILS, things, chance)))
            made.sentences.append(_escaped(wrapped(_sentence(things, chance))))
        fields.append(made)
    return fields


def _sentence(things: Sequence[str], chance: random.Random) -> str:
    told = _filled(SENTENCES, things, chance)
    return told[0].upper() + told[1:]


def _filled(patterns: Sequence[str], things: Sequence[str], chance: random.Random) -> str:
    pattern = chance.choice(patterns)
    while "*" in pattern:
        pattern = pattern.replace("*", chance.choice(things), 1)
    while "~" in pattern:
        pattern = pattern.replace("~", chance.choice(QUALITIES), 1)
    while "#" in pattern:
        pattern = pattern.replace("#", chance.choice(NUMBERS), 1)
    return pattern


def wrapped(text: str) -> str:
    """Return the text broken into lines as the snapshot's abstracts are."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= WRAP:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def people(chance: random.Random) -> list[tuple[str, str]]:
    """Return (name as ``authors`` writes it, as ``authors_parsed`` does), both as JSON."""
    found = []
    for _ in range(PEOPLE):
        family = _family(chance)
        given = chance.choice(GIVEN)
        if chance.random() < 0.5:  # noqa: PLR2004  # half sign with initials
            given = f"{given[0]}."
        plain = f"{given} {family}"
        tex = "".join(ACCENTS.get(letter, letter) for letter in plain)
        parsed = json.dumps([family, given, ""], ensure_ascii=True)
        found.append((_escaped(tex), parsed))
    return found


def _family(chance: random.Random) -> str:
    name = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3)))).capitalize()
    if chance.random() < 0.08:  # noqa: PLR2004  # as many names have an accent
        name += chance.choice(("ández", "én", "öm", "ürk", "ñez", "çay", "ára"))
    return name


def _escaped(text: str) -> str:
    """Return what stands between the quotes of the text as JSON, in ASCII as the snapshot is."""
    return json.dumps(text, ensure_ascii=True)[1:-1]


GIVEN = """
    Ada Bo Carla Chen Dai Elena Emil Fatima Gita Hana Ines Ivan Jonas Jun Kofi Lena Li Luca Mei
    Mira Nadia Noor Olga Omar Pavel Priya Qi Rosa Ravi Sofia Sven Tariq Uma Vera Wei Xin Yara Zoe
""".split()  # noqa: SIM905  # fifty names as a list
SYLLABLES = """
    ba ber bo chi da den do el fa fer ga gor ha hof in ja ka ki kow la lin ma mar mo na nak ni no
    ov pa per ra ro sa schi sen son ta tan to va ven wa wal wi ya yo zha zi
""".split()  # noqa: SIM905  # fifty syllables as a list
QUALITIES = """
    robust sparse exact weak coherent universal scalable optimal nonlinear effective anomalous
    efficient adaptive bounded self-consistent local global stochastic hidden thermal dense
    low-rank supervised two-dimensional perturbative symmetric rapid finite long-range
""".split()  # noqa: SIM905  # thirty words as a list
NUMBERS = (
    "$10^{-3}$",
    "12.5\\%",
    "three",
    "$O(n \\log n)$",
    "$\\sim 40$",
    "2.7",
    "$\\alpha = 0.05$",
    "half a million",
    "$5\\sigma$",
    "seven",
    "$p < 0.01$",
    "96.4\\%",
)
HEADS = (
    "~ *",
    "~ * of ~ *",
    "on the ~ * of *",
    "towards ~ *",
    "a ~ approach to *",
    "learning ~ * from *",
    "the ~ * problem",
    "*: ~ and ~",
    "how ~ is *",
    "measuring ~ * in *",
)
TAILS = (
    "with ~ *",
    "in the presence of ~ *",
    "via ~ * and *",
    "beyond ~ *",
    "for ~ * at scale",
    "and the ~ limit of *",
    "under ~ *",
    "from ~ * to *",
    "without *",
    "using ~ *",
)
SENTENCES = (
    "we study ~ * by means of ~ * and find that * are ~.",
    "understanding ~ * is of great importance for * and for ~ *.",
    "in this paper we present a ~ method for * that needs no *.",
    "our results show that ~ * outperform * by # on average.",
    "the ~ behaviour of * is governed by ~ *, as we prove for * of order #.",
    "however, previous work on ~ * has been limited to ~ * with few *.",
    "we introduce a ~ model of * that explains ~ * up to #.",
    "numerical experiments with ~ * confirm the ~ scaling of *.",
    "for *, we derive ~ bounds that depend on * only through ~ *.",
    "we compare our ~ approach with * on several data sets of *.",
    "a ~ analysis reveals that * and * are related by ~ *.",
    "here we report the ~ observation of * with a precision of #.",
    "this suggests that ~ * may play a role in the formation of *.",
    "as an application we obtain ~ * for * with * of ~ type.",
    "we discuss implications for ~ * and give # open problems about *.",
    "the proof relies on ~ * and on a ~ estimate for *.",
)
THINGS = {
    category: [thing.strip() for thing in words.split(",")]
    for category, words in {
        "astro-ph.GA": "galaxies, stellar streams, dark matter haloes, dust, star clusters, spiral "
        "arms, quasars, molecular clouds, dwarf satellites, metallicity gradients, black holes",
        "cond-mat.str-el": "spin liquids, Mott insulators, vortices, Fermi surfaces, phonons, "
        "superconductors, charge density waves, edge states, quenches, lattices, magnons",
        "cs.CL": "language models, prompts, translation, parsers, dialogue, word embeddings, "
        "tokenizers, summaries, annotators, low-resource languages, reasoning chains",
        "cs.CV": "images, object detectors, diffusion models, point clouds, video, segmentation, "
        "camera poses, depth maps, textures, visual tokens, image pairs",
        "cs.DS": "graphs, streams, hash tables, matchings, approximation schemes, spanning trees, "
        "sketches, sorting networks, priority queues, flows, distributed algorithms",
        "cs.LG": "neural networks, gradients, kernels, attention, representations, bandits, "
        "generalisation, ensembles, transformers, time series, federated clients",
        "cs.RO": "manipulators, quadrupeds, trajectories, grasps, localisation, swarms, legged "
        "locomotion, contact forces, drones, motion planners, tactile sensing",
        "gr-qc": "black holes, gravitational waves, horizons, ringdown, inspirals, cosmological "
        "constants, boundary terms, wormholes, spinning binaries, singularities",
        "hep-ph": "neutrinos, the Higgs boson, jets, dark photons, parton distributions, flavour "
        "violation, axions, couplings, loop corrections, supersymmetry, collider signals",
        "hep-th": "branes, conformal field theories, amplitudes, holography, gauge symmetries, "
        "strings, moduli, entanglement entropy, matrix models, anomalies, dualities",
        "math.AG": "moduli spaces, sheaves, toric varieties, curves, Hodge structures, divisors, "
        "derived categories, cohomology, abelian surfaces, stacks, vector bundles",
        "math.PR": "random walks, Brownian motion, large deviations, percolation, martingales, "
        "branching processes, random matrices, coalescents, stochastic equations",
        "physics.flu-dyn": "turbulence, boundary layers, droplets, vortices, shear flows, waves, "
        "convection, jets, bubbles, instabilities, porous media",
        "q-bio.NC": "neurons, synapses, cortical circuits, spike trains, oscillations, memories, "
        "receptive fields, dendrites, brain networks, decisions",
        "quant-ph": "qubits, entanglement, error correction, channels, trapped ions, measurements, "
        "quantum walks, decoherence, photons, gates, annealers",
        "stat.ME": "estimators, confidence intervals, causal effects, missing data, surveys, "
        "regression, priors, survival times, false discoveries, clinical trials",
    }.items()
}
