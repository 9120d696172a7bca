"""Makes the JSON files of this folder: what scikit-learn, SciPy, statsmodels, torchmetrics and cleanlab say of seeded numbers.

    pip install numpy scipy scikit-learn statsmodels torch torchmetrics cleanlab
    python3 make.py

Everything is computed in double precision. The inputs are not stored: `uniform` below is that of
Tests/TestSupport/Fill.swift, and the functions of Tests/TestSupport/StatisticsInputs.swift do what those here do.
"""
import json
import os

import cleanlab
import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
import sklearn
import sklearn.calibration
import sklearn.manifold
import sklearn.metrics
import sklearn.neighbors
import statsmodels
import torch
import torchmetrics
from sklearn.manifold import _t_sne
from statsmodels.stats.contingency_tables import mcnemar
from torchmetrics.functional.classification.calibration_error import _binning_bucketize, _ce_compute

here = os.path.dirname(os.path.abspath(__file__))
versions = {
    module.__name__: module.__version__
    for module in (np, scipy, sklearn, statsmodels, torch, torchmetrics, cleanlab)}


def uniform(name, count):
    mask = (1 << 64) - 1
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & mask
    result = []
    for _ in range(count):
        state = state + 0x9E3779B97F4A7C15 & mask
        mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & mask
        mixed ^= mixed >> 31
        result.append((mixed >> 40) / (1 << 23) - 1)
    return np.array(result)


def classes(name, count, of):
    return ((uniform(name, count) + 1) / 2 * of).astype(int)


def distributions(name, labels, of):
    """Rows that sum to 1; the sixth power makes most of them sure, the factor 6 most of those right."""
    base = uniform(name, len(labels) * of).reshape(-1, of) + 1.0
    weight = base * base * base * base * base * base + 1e-6
    weight[np.arange(len(labels)), labels] *= 6
    total = np.zeros(len(labels))
    for column in range(of):
        total = total + weight[:, column]
    return weight / total[:, None]


def clusters(name, count, width, of, latent, noise):
    """Points near a surface of `latent` dimensions, point i about centre i % of; as 32-bit floats."""
    centres = uniform(name + ".centres", of * latent).reshape(of, latent)
    places = uniform(name + ".places", count * latent).reshape(count, latent)
    directions = uniform(name + ".directions", latent * width).reshape(latent, width)
    shake = uniform(name + ".noise", count * width).reshape(count, width)
    kinds = np.arange(count) % of
    points = noise * shake
    for column in range(latent):
        points = points + (2 * centres[kinds, column] + places[:, column])[:, None] * directions[column]
    return points.astype(np.float32), kinds


def write(name, content):
    with open(os.path.join(here, name), "w") as file:
        parts = ['"versions": ' + json.dumps(versions)]
        parts += [json.dumps(key) + ": " + json.dumps(value) for key, value in content.items()]
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


def predictions():
    count, of = 400, 7
    labels = classes("statistics.labels", count, of)
    scores = {}
    for name in ("primary", "final"):
        rows = distributions("statistics." + name, labels, of)
        answers = rows.argmax(axis=1)
        right = answers == labels
        top = torch.tensor(rows.max(axis=1))
        edges = torch.linspace(0, 1, 16, dtype=torch.float64)
        assert not np.isin(rows.max(axis=1), edges.numpy()).any()
        accuracy, confidence, share = _binning_bucketize(top, torch.tensor(right), edges)
        certainty = 1 - scipy.stats.entropy(rows, axis=1) / np.log(of)
        curve = {}
        for kind, sure in (("certainty", certainty), ("probability", rows.max(axis=1))):
            assert len(np.unique(sure)) == count
            order = np.argsort(-sure)
            accuracies = np.cumsum(right[order]) / np.arange(1, count + 1)
            curve[kind] = {
                "area": accuracies.mean(), "coverage": [0.25, 0.5, 1],
                "accuracy": [accuracies[int(count * c) - 1] for c in (0.25, 0.5, 1)],
                "threshold": [sure[order][int(count * c) - 1] for c in (0.25, 0.5, 1)]}
        precision, recall, f1, _ = sklearn.metrics.precision_recall_fscore_support(labels, answers, average="macro")
        scores[name] = {
            "accuracy": sklearn.metrics.accuracy_score(labels, answers),
            "macroPrecision": precision, "macroRecall": recall, "macroF1": f1,
            "negativeLogLikelihood": sklearn.metrics.log_loss(labels, rows, labels=range(of)),
            "brierScore": sklearn.metrics.brier_score_loss(labels, rows, labels=range(of), scale_by_half=False),
            "calibrationError": _ce_compute(top, torch.tensor(right), 15).item(),
            "confidence": certainty.mean(), "deviation": rows.std(axis=0).mean(),
            "counts": [round(s * count) for s in share[:15].tolist()],
            "confidences": confidence[:15].tolist(), "accuracies": accuracy[:15].tolist(),
            "coverage": curve}
    write("predictions.json", {"count": count, "classCount": of, "scores": scores})


def calibration():
    """Temperatures of least NLL for the distributions of `predictions`, and for those on other labels in part."""
    count, of = 400, 7
    labels = classes("statistics.labels", count, of)
    result = {}
    for name in ("primary", "final"):
        logs = np.log(distributions("statistics." + name, labels, of))
        loss = lambda u: -scipy.special.log_softmax(logs / np.exp(u), axis=1)[np.arange(count), labels].mean()
        found = scipy.optimize.minimize_scalar(loss, bracket=(-1, 1), method="brent", options={"xtol": 1e-12})
        rows = scipy.special.softmax(logs / np.exp(found.x), axis=1)
        top, right = torch.tensor(rows.max(axis=1)), torch.tensor(rows.argmax(axis=1) == labels)
        result[name] = {
            "temperature": np.exp(found.x), "negativeLogLikelihood": found.fun,
            "calibrationError": _ce_compute(top, right, 15).item()}
    write("calibration.json", {"count": count, "classCount": of, "fits": result})


def label_errors():
    """What cleanlab says of the distributions of `predictions` with every eighth label moved on by one to three classes."""
    count, of = 400, 7
    labels = classes("statistics.labels", count, of)
    rows = distributions("statistics.final", labels, of)
    given = labels.copy()
    given[::8] = (given[::8] + 1 + np.arange(len(given[::8])) % 3) % of
    joint = cleanlab.count.compute_confident_joint(given, rows, calibrate=False)
    scores = cleanlab.rank.get_label_quality_scores(given, rows, method="self_confidence")
    write("label-errors.json", {
        "count": count, "classCount": of, "thresholds": cleanlab.count.get_confident_thresholds(given, rows).tolist(),
        "joint": joint.tolist(), "scores": scores.tolist(), "order": np.argsort(scores, kind="stable").tolist()})


def tests():
    pairs = [
        (0, 0), (1, 0), (0, 1), (5, 3), (3, 9), (12, 12), (0, 24), (11, 13), (12, 13), (13, 12), (13, 13), (0, 25),
        (25, 1), (40, 20), (310, 250), (1000, 1100), (5, 5000)]
    answers = []
    for b, c in pairs:
        exact = b + c < 25
        found = mcnemar([[7, b], [c, 9]], exact=exact, correction=True)
        if exact and b + c:
            assert abs(found.pvalue - scipy.stats.binomtest(b, b + c).pvalue) < 1e-12
        answers.append({
            "onlyFirst": b, "onlySecond": c, "statistic": float(found.statistic), "pValue": float(found.pvalue)})
    quantiles = [
        {"level": level, "degrees": degrees, "quantile": scipy.stats.t.ppf((1 + level) / 2, degrees)}
        for degrees in (0.5, 1, 2, 3, 4, 9, 29.5, 127, 129, 3609, 1e5, 1e9) for level in (0.01, 0.5, 0.95, 0.999999)]
    means = []
    for count in (2, 3, 5, 40):
        first = uniform("statistics.first.%d" % count, count)
        second = uniform("statistics.second.%d" % count, count)
        low, high = scipy.stats.t.interval(
            0.95, count - 1, loc=first.mean(), scale=first.std(ddof=1) / np.sqrt(count))
        paired = scipy.stats.ttest_rel(second, first).confidence_interval(0.95)
        means.append({
            "count": count, "mean": first.mean(), "deviation": first.std(ddof=1), "low": low, "high": high,
            "pairedLow": paired.low, "pairedHigh": paired.high})
    write("tests.json", {"answers": answers, "quantiles": quantiles, "means": means})


def points():
    sets = {}
    for name, count, width, of, latent, noise in (("near", 60, 5, 4, 3, 0.3), ("far", 90, 16, 7, 4, 0.05)):
        x, kinds = clusters("statistics." + name, count, width, of, latent, noise)
        exact = x.astype(np.float64)
        sets[name] = {
            "count": count, "width": width, "classCount": of, "latent": latent, "noise": noise,
            "daviesBouldin": sklearn.metrics.davies_bouldin_score(exact, kinds),
            "calinskiHarabasz": sklearn.metrics.calinski_harabasz_score(exact, kinds),
            "trustworthiness5": sklearn.manifold.trustworthiness(exact, exact[:, :2], n_neighbors=5),
            "trustworthiness12": sklearn.manifold.trustworthiness(exact, exact[:, 2:4], n_neighbors=12)}
    # A common offset takes most digits of 32-bit floats.
    x = (clusters("statistics.near", 60, 5, 4, 3, 0.3)[0] + np.float32(1000)).astype(np.float64)
    finder = sklearn.neighbors.NearestNeighbors(n_neighbors=16, algorithm="brute").fit(x - x.mean(axis=0))
    distances, indices = finder.kneighbors()
    # The perplexity's own search stops 1e-5 away from it.
    graph = finder.kneighbors_graph(mode="distance")
    graph.data **= 2
    shares = _t_sne._joint_probabilities_nn(graph, 5.0, 0).toarray()
    write("points.json", {
        "sets": sets, "offset": {
            "neighbours": indices.tolist(), "squaredDistances": (distances[:5] ** 2).tolist(),
            "shares": shares[:5].tolist()}})


def layouts():
    result = {}
    for name, count, width, of, latent, noise in (
            ("faces", 500, 32, 7, 4, 0.3), ("embeddings", 2000, 128, 7, 6, 0.5), ("noise", 500, 32, 7, 2, 3)):
        x, _ = clusters("statistics." + name, count, width, of, latent, noise)
        model = sklearn.manifold.TSNE(random_state=0)
        y = model.fit_transform(x)
        result[name] = {
            "count": count, "width": width, "classCount": of, "latent": latent, "noise": noise,
            "trustworthiness": float(sklearn.manifold.trustworthiness(x, y, n_neighbors=12)),
            "divergence": float(model.kl_divergence_)}
    write("layouts.json", result)


predictions()
calibration()
label_errors()
tests()
points()
layouts()
