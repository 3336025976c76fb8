import pytest

from specdl.core.catalog import Catalog
from specdl.spec.fields import CATALOGS, keys
from specdl.spec.model import ModelSpec, TrainSpec
from specdl.spec.strays import owners, strays
from specdl.spec.suggestions import choice_guess, compact, key_guess, key_meant, tag_guess, tag_meant
from specdl.spec.words import KEYS, NEEDLESS, NOT_HERE, TYPES

PLANNED = {
    "layers": ["conv2d", "dropout", "batch_norm", "embedding", "lstm", "multihead_attention", "gelu"],
    "activations": ["gelu", "silu", "leaky_relu", "log_softmax"],
    "losses": ["huber", "bce_with_logits", "nll", "kl_div"],
    "optimizers": ["adamw", "rmsprop", "adagrad", "lion"],
    "inits": ["orthogonal", "trunc_normal", "lecun_normal"],
    "schedules": ["exponential", "one_cycle", "reduce_on_plateau"],
    "metrics": ["f1", "r2", "auroc", "perplexity"],
    "sources": ["parquet", "idx", "image_folder"],
}


def guess(word, category):
    return tag_guess(word, CATALOGS[category].tags(), category)


@pytest.mark.parametrize("category", TYPES)
def test_every_word_means_what_its_line_says_or_is_to_come(category):
    tags = CATALOGS[category].tags()
    for word, senses in TYPES[category].items():
        found = guess(word, category)
        there = [each.word for each in senses if each.word in tags]
        if compact(word) in map(compact, tags):
            assert found.word in tags, word
        elif there:
            assert (found.word in there, found.there) == (True, True), word
        else:
            assert not found.there, word


@pytest.mark.parametrize("category", TYPES)
def test_no_type_of_specdl_is_another_ones_foreign_word(category):
    for tag in CATALOGS[category].tags():
        assert {each.word for each in TYPES[category].get(tag, ()) if each.sure} == {tag}


@pytest.mark.parametrize(("category", "word"), [(each, word) for each in PLANNED for word in PLANNED[each]])
def test_what_is_to_come_never_becomes_something_else(category, word):
    if word in CATALOGS[category].tags():
        assert guess(word.upper(), category).word == word
        return
    for said in (word, word.upper(), "".join(part.title() for part in word.split("_")), f"torch.nn.{word}"):
        assert (guess(said, category).word, guess(said, category).there) == (word, False)


@pytest.mark.parametrize(
    ("word", "category", "meant", "sure"),
    [
        ("Dense", "layers", "linear", True),
        ("torch.nn.Linear", "layers", "linear", True),
        ("tf.keras.layers.Dense", "layers", "linear", True),
        ("InnerProduct", "layers", "linear", True),
        ("LINEAR", "layers", "linear", True),
        ("Concatenate", "layers", "concat", True),
        ("Eltwise", "layers", "add", True),
        ("skip_connection", "layers", "residual", False),
        ("lienar", "layers", "linear", False),
        ("ReLU", "activations", "relu", True),
        ("logistic", "activations", "sigmoid", True),
        ("MSELoss", "losses", "mse", True),
        ("mean_squared_error", "losses", "mse", True),
        ("SoftmaxWithLoss", "losses", "cross_entropy", True),
        ("sparse_categorical_crossentropy", "losses", "cross_entropy", True),
        ("EuclideanLoss", "losses", "mse", False),
        ("mae", "losses", "l1", True),
        ("mean_absolute_error", "metrics", "mae", True),
        ("GlorotUniform", "inits", "xavier_uniform", True),
        ("he_normal", "inits", "kaiming_normal", True),
        ("xavier", "inits", "xavier_uniform", False),
        ("CosineAnnealingLR", "schedules", "cosine", True),
        ("MultiStepLR", "schedules", "piecewise_constant", True),
        ("torch.optim.SGD", "optimizers", "sgd", True),
        ("momentum", "optimizers", "sgd", False),
        ("StandardScaler", "transforms", "normalize", True),
        ("iris", "sources", "sklearn", False),
    ],
)
def test_words_from_elsewhere(word, category, meant, sure):
    found = guess(word, category)
    assert (found.word, found.sure, found.there) == (meant, sure, True)


def test_words_that_mean_nothing_get_no_guess():
    assert guess("hyperlayer", "layers") is None
    assert guess("x" * 5000, "layers") is None
    assert key_meant("x" * 5000, ["lr"], ["lr"]) is None
    assert guess("", "layers") is None
    assert guess("...", "layers") is None


def test_a_word_is_looked_up_in_every_category_for_explain():
    known = {tag for catalog in CATALOGS.values() for tag in catalog.tags()}
    assert tag_meant("Dense", known) == "linear"
    assert tag_meant("glorot_uniform", known) == "xavier_uniform"
    assert tag_meant("sgdd", known) == "sgd"


@pytest.mark.parametrize(
    ("word", "meant", "sure"),
    [
        ("learning_rate", "lr", True),
        ("learningRate", "lr", True),
        ("LR", "lr", True),
        ("base_lr", "lr", True),
        ("rate", "lr", False),
        ("decay", "weight_decay", False),
        ("moment", None, None),
    ],
)
def test_keys_from_elsewhere(word, meant, sure):
    found = key_guess(word, ["lr", "momentum", "weight_decay"], ["lr", "momentum", "weight_decay"])
    assert (found and found.word, found and found.sure) == (meant, sure)


def test_a_key_that_is_there_is_no_sure_guess():
    found = key_guess("learning_rate", ["lr", "momentum"], ["momentum"])
    assert (found.word, found.sure) == ("lr", False)
    assert key_meant("momentun", ["lr", "momentum"], ["lr"]) == "momentum"


def test_choices():
    assert choice_guess("Float32", ("float32", "float64")).sure
    assert choice_guess("torch.float64", ("float32", "float64")).word == "float64"
    assert choice_guess("double", ("float32", "float64")).word == "float64"
    assert not choice_guess("epoch_s", ("stepss", "epochss")).sure
    assert choice_guess("red", ("float32", "float64")) is None


def test_hints_speak_of_no_key_of_specdl_and_of_none_that_is_renamed():
    for name in NOT_HERE:
        assert name not in keys(ModelSpec)
        assert name not in keys(TrainSpec)
    assert set(NEEDLESS) <= set(NOT_HERE)
    assert all(each.word for senses in KEYS.values() for each in senses)


def test_options_know_their_types():
    assert owners("optimizers", "betas") == ["adam"]
    assert "sgd" in owners("optimizers", "momentum")
    assert owners("optimizers", "colour") == []


def test_strays_are_keys_of_another_section_alone():
    spec = {
        "specdl": 1, "epochs": 3, "colour": 1, "data": {"batch_size": 2, "lr": 1},
        "optimizer": {"type": "sgd", "lr": 1}, "train": {"learning_rate": 1, "colour": 2},
    }  # fmt: skip
    found = {path: (each.home, each.name, each.free) for path, each in strays(spec).items()}
    assert found == {
        ("epochs",): (("train",), "epochs", True),
        ("data", "lr"): (("optimizer",), "lr", False),
        ("train", "learning_rate"): (("optimizer",), "lr", False),
    }
    assert strays({"train": 1, "data": None, "model": [2]}) == {}


def test_a_plugin_is_suggested_as_any_other(monkeypatch):
    catalog = CATALOGS["losses"]
    assert isinstance(catalog, Catalog)
    monkeypatch.setitem(catalog.plugins, "quartic", object)
    assert guess("quartik", "losses").word == "quartic"
