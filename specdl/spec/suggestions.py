"""What people who come from other frameworks write, and the word specdl has for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from specdl.core.suggest import nearest

MAX_WORD = 60
"""Longer words are no slips of anything, and comparing them takes long."""

MODULES = (
    "torch.nn.",
    "torch.optim.",
    "nn.",
    "optim.",
    "keras.layers.",
    "tf.keras.layers.",
    "layers.",
    "F.",
    "keras.",
)


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Lines `meant: foreign foreign ...` as foreign words and what each may mean, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        meant, _, words = line.partition(":")
        for word in words.split():
            found[word] = (*found.get(word, ()), meant.strip())
    return found


TYPES = table("""
linear: dense fc fully_connected inner_product affine
conv1d: conv1_d convolution1d
conv2d: conv convolution conv2_d convolution2d
max_pool2d: max_pooling2d max_pool pooling
avg_pool2d: average_pooling2d avg_pool
global_avg_pool: global_average_pooling2d
batch_norm: batch_normalization batch_norm1d batch_norm2d
layer_norm: layer_normalization
concat: concatenate cat
add: sum plus eltwise
mul: multiply
sub: subtract
reshape: view
residual: skip shortcut
identity: linear none input pass
silu: swish
sigmoid: logistic
relu: rectifier re_lu
tanh: hyperbolic_tangent tan_h
mse: mean_squared_error mse_loss l2 squared_error euclidean_loss
l1: mean_absolute_error mae l1_loss
sum_squared_error: sse
cross_entropy: cross_entropy_loss categorical_crossentropy sparse_categorical_crossentropy
cross_entropy: categorical_cross_entropy softmax_cross_entropy softmax_with_loss nll nll_loss ce
sgd: momentum gradient_descent
adam: adamax nadam
xavier_uniform: glorot_uniform glorot
xavier_normal: glorot_normal xavier
kaiming_uniform: he_uniform
kaiming_normal: he_normal he kaiming msra
zeros: zero
ones: one
normal: gaussian random_normal
uniform: random_uniform
constant: const fixed
torch_default: default
cosine: cosine_annealing cosine_decay cosine_annealing_lr
piecewise_constant: multi_step multi_step_lr multistep piecewise step
accuracy: acc categorical_accuracy
wrong_predictions: errors error_count mistakes wrong
disc: circle disk
sklearn: iris digits wine breast_cancer diabetes scikit_learn
normalize: normalise normalization standardize standardise
npy: numpy
one_hot: onehot
""")
"""Foreign tags in snake case. Only a tag that is there is ever suggested."""

OPTIONS = table("""
out_features: units output_dim num_output hidden size features out_channels n_out width dim_out
shape: size dims dim input_shape
bias: use_bias bias_term
lr: learning_rate base_lr rate alpha
eps: epsilon
dim: axis
weight_decay: weight_decay_rate decay l2
betas: beta_1 beta_2 beta1 beta2
std: stddev sigma scale
gain: scale
low: minval lo min a
high: maxval hi max b
value: val constant fill
name: id label
inputs: bottom input from reads
input: input_shape
activation: act nonlinearity
trainable: frozen freeze requires_grad
init: initializer initialiser kernel_initializer weight_init
batch_size: batch batchsize bs
epochs: n_epochs num_epochs max_epochs nb_epoch
steps: max_steps iterations max_iter
optimizer: optimiser solver optim
schedule: scheduler lr_scheduler lr_schedule
loss: criterion objective loss_fn
train: training trainer
data: dataset
model: network net architecture
seed: random_seed random_state
type: kind class class_name op
layers: nodes modules
output: outputs top
vars: variables constants
blocks: templates
with: args params arguments
repeat: times count n n_repeat
path: file filename filepath
validation: val valid dev
boundaries: milestones steps
factors: gammas values
length: t_max warmup_steps warmup_epochs
specdl: version
source: from
""")
"""Foreign keys, and what they may mean."""


def snake(word: str) -> str:
    """A class's name in snake case: `BatchNorm2d` to `batch_norm2d`, `ReLU` to `relu`."""
    if word.isupper():
        return word.lower()
    return (
        re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z]{2,}$)", "_", word).replace("-", "_").lower()
    )


def tag_meant(word: str, tags: Collection[str]) -> str | None:
    """The tag that was probably meant."""
    if len(word) > MAX_WORD:
        return None
    bare = word.rpartition(".")[2]  # torch.nn.Linear, keras.layers.Dense
    for form in (snake(bare), bare.lower(), snake(bare).replace("_", "")):
        for meant in (form, *TYPES.get(form, ())):
            if meant in tags:
                return meant
    return nearest(bare, tags)


def key_meant(word: str, names: Iterable[str], absent: Collection[str]) -> str | None:
    """The key that was probably meant: of the `names` one that is `absent` before one that is there."""
    if len(word) > MAX_WORD:
        return None
    names = list(names)
    for each in OPTIONS.get(snake(word), ()):
        if each in absent:
            return each
    if snake(word) in names:
        return snake(word)
    return nearest(word, [each for each in names if each in absent]) or nearest(word, names)
