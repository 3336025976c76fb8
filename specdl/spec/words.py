"""What people who come from Keras, torch, Caffe, Ludwig and scikit-learn write, and specdl's word for it.

Each line is specdl's word and what others call it, in snake case. A word with `~` before it may mean
that, the others can mean nothing else. Specdl's words for what it is to have are here too: who asks for
one that is not there yet is told so, and not sent to a word that only looks alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sense:
    """What a foreign word stands for."""

    word: str
    sure: bool = True


Table = Mapping[str, tuple[Sense, ...]]


def table(*texts: str) -> Table:
    """Lines `meant: foreign foreign ...` as foreign words and what each may mean, in order."""
    found: dict[str, tuple[Sense, ...]] = {}
    for line in "\n".join(texts).strip().splitlines():
        meant, _, words = line.partition(":")
        for word in f"{meant} {words}".split():
            bare = word.lstrip("~")
            found[bare] = (*found.get(bare, ()), Sense(meant, sure=word == bare))
    return found


ACTIVATIONS = """
relu: rectifier re_lu rectified_linear rectified_linear_unit
relu6: relu_6
leaky_relu: leaky_re_lu leakyrelu lrelu
prelu: p_relu parametric_relu
elu: e_lu
selu: s_elu
celu:
gelu: g_elu gaussian_error_linear_unit
silu: swish si_lu sigmoid_linear_unit
mish:
sigmoid: logistic sigm
hardsigmoid: hard_sigmoid
tanh: tan_h hyperbolic_tangent
hardtanh: hard_tanh
softplus: soft_plus
softsign: soft_sign
hardswish: hard_swish
softmax: soft_max
log_softmax: logsoftmax
logsigmoid: log_sigmoid
glu:
swiglu: swi_glu
geglu: ge_glu
reglu: re_glu
exp: exponential
threshold:
tanhshrink:
softshrink:
hardshrink:
"""

TYPES: Mapping[str, Table] = {
    "activations": table(ACTIVATIONS),
    "layers": table(
        ACTIVATIONS,
        """
linear: dense fc fully_connected inner_product affine gemm lazy_linear
conv1d: conv1_d convolution1d convolution1_d
conv2d: conv2_d convolution convolution2d convolution2_d ~conv
conv3d: conv3_d convolution3d convolution3_d
conv_transpose1d: conv1_d_transpose conv_transpose1_d
conv_transpose2d: conv2_d_transpose conv2d_transpose deconvolution deconv conv_transpose2_d
depthwise_conv2d: depthwise_conv2_d depthwise_conv
separable_conv2d: separable_conv2_d separable_conv
max_pool1d: max_pooling1d max_pooling1_d max_pool1_d
max_pool2d: max_pooling2d max_pooling2_d max_pool2_d ~max_pool ~max_pooling ~pooling ~pool
avg_pool1d: average_pooling1d average_pooling1_d avg_pool1_d
avg_pool2d: average_pooling2d average_pooling2_d avg_pool2_d ~avg_pool ~average_pooling
adaptive_avg_pool2d: adaptive_avg_pool2_d
global_avg_pool: global_average_pooling2d global_average_pooling1d global_average_pooling2_d gap
global_max_pool: global_max_pooling2d global_max_pooling1d global_max_pooling2_d
batch_norm: batch_normalization batch_norm1d batch_norm2d batch_norm1_d batch_norm2_d bn batchnorm
layer_norm: layer_normalization ln layernorm
rms_norm: rms_normalization rmsnorm
group_norm: group_normalization gn
instance_norm: instance_norm2d instance_norm1d instance_norm2_d
local_response_norm: lrn
dropout: drop_out alpha_dropout dropout1d dropout2d spatial_dropout
embedding: embed lookup_table
embedding_bag:
positional_embedding: position_embedding positional_encoding
flatten: ravel
reshape: view unflatten
permute: transpose
squeeze:
unsqueeze: expand_dims
add: eltwise ~sum ~plus ~residual_add
sub: subtract minus
mul: multiply product times
concat: concatenate cat
slice:
split: chunk
matmul: bmm dot
scale: rescaling
mean: reduce_mean
block:
identity: no_op noop pass_through passthrough pass ~none
residual: residual_block ~skip ~shortcut ~skip_connection
multihead_attention: multi_head_attention multihead_self_attention mha attention self_attention
rnn: simple_rnn elman
lstm: lstm_cell
gru: gru_cell
bidirectional:
time_distributed:
upsample: up_sampling2d upsampling2d up_sampling2_d upsampling_nearest2d
zero_pad: zero_padding2d zero_pad2d zero_padding2_d
maxout: max_out
pixel_shuffle: depth_to_space
drop_path: stochastic_depth
gaussian_noise:
squeeze_excite: se_block
rope: rotary_embedding
normalization:
cropping: cropping2d
bilinear:
einsum: einsum_dense
transformer_encoder_layer: transformer_encoder transformer_block
""",
    ),
    "losses": table("""
mse: mean_squared_error mse_loss squared_error mean_square_error ~l2 ~l2_loss ~euclidean_loss ~euclidean
l1: mean_absolute_error mae l1_loss absolute_error mae_loss
huber: huber_loss
smooth_l1: smooth_l1_loss
log_cosh: logcosh
msle: mean_squared_logarithmic_error
mape: mean_absolute_percentage_error
sum_squared_error: sse sum_squared_errors
cross_entropy: cross_entropy_loss ce categorical_crossentropy sparse_categorical_crossentropy
cross_entropy: categorical_cross_entropy sparse_categorical_cross_entropy softmax_cross_entropy
cross_entropy: softmax_with_loss softmax_cross_entropy_with_logits crossentropy xent
nll: nll_loss negative_log_likelihood multinomial_logistic_loss
bce: bce_loss binary_cross_entropy binary_crossentropy
bce_with_logits: bce_with_logits_loss binary_cross_entropy_with_logits
bce_with_logits: sigmoid_cross_entropy_loss sigmoid_cross_entropy
kl_div: kl_div_loss kl_divergence kullback_leibler kld
hinge: hinge_loss
squared_hinge:
multi_margin: multi_margin_loss
cosine_similarity: cosine_embedding_loss cosine_loss
poisson_nll: poisson poisson_nll_loss
gaussian_nll: gaussian_nll_loss
focal: focal_loss
dice: dice_loss
tversky: tversky_loss
triplet: triplet_margin_loss
contrastive: contrastive_loss
elbo:
ctc: ctc_loss
"""),
    "optimizers": table("""
sgd: stochastic_gradient_descent gradient_descent ~momentum ~nesterov ~vanilla
adam: adam_optimizer
adamw: adam_w
adagrad: ada_grad
adadelta: ada_delta
rmsprop: rms_prop
adamax: ada_max
nadam: n_adam
radam: r_adam
lamb:
lars:
lion:
adafactor: ada_factor
muon:
schedule_free_adamw:
rprop:
lbfgs:
ftrl:
"""),
    "inits": table("""
zeros: zero zeroes zeros_
ones: one ones_
constant: const constant_ fill
uniform: random_uniform uniform_ rand
normal: random_normal gaussian normal_ randn
trunc_normal: truncated_normal trunc_normal_
xavier_uniform: glorot_uniform xavier_uniform_ ~xavier ~glorot
xavier_normal: glorot_normal xavier_normal_
kaiming_uniform: he_uniform kaiming_uniform_
kaiming_normal: he_normal kaiming_normal_ msra ~he ~kaiming
lecun_uniform:
lecun_normal:
orthogonal: orthogonal_
variance_scaling:
eye: eye_
dirac: dirac_
sparse: sparse_
torch_default: pytorch_default torch pytorch ~default
keras_default: keras
gpt2:
"""),
    "schedules": table("""
constant: constant_lr fixed
piecewise_constant: multi_step_lr multi_step multistep multistep_lr piecewise piecewise_constant_decay
piecewise_constant: ~step ~step_lr ~step_decay ~steps
step: step_lr step_decay
exponential: exponential_lr exponential_decay exp
inverse_time: inv inverse_time_decay
polynomial: poly polynomial_decay polynomial_lr
linear: linear_lr linear_decay
cosine: cosine_annealing cosine_decay cosine_annealing_lr cos
cosine_restarts: cosine_annealing_warm_restarts cosine_decay_restarts sgdr
one_cycle: one_cycle_lr onecycle
cyclic: cyclic_lr
inverse_sqrt: noam
warmup_stable_decay: wsd
reduce_on_plateau: reduce_lr_on_plateau plateau
warmup: warm_up linear_warmup
sequence: sequential_lr
"""),
    "metrics": table("""
loss:
accuracy: acc binary_accuracy categorical_accuracy sparse_categorical_accuracy accuracy_score
accuracy: multiclass_accuracy
top_k_accuracy: top_k_categorical_accuracy top5 top_5 top_k
balanced_accuracy: balanced_accuracy_score
wrong_predictions: ~errors ~error_count ~mistakes ~wrong ~error_rate
precision: precision_score
recall: recall_score
f1: f1_score
auroc: auc roc_auc roc_auc_score
average_precision: average_precision_score
confusion_matrix:
mcc: matthews_corrcoef
log_loss:
mse: mean_squared_error squared_error
rmse: root_mean_squared_error
mae: mean_absolute_error l1 absolute_error
mape: mean_absolute_percentage_error
r2: r2_score
pearson:
perplexity: ppl
token_accuracy:
bits_per_char:
iou:
mean_iou: mean_io_u
dice:
"""),
    "sources": table("""
disc: circle disk
sklearn: scikit_learn ~iris ~digits ~wine ~breast_cancer ~diabetes
npy: ~numpy
npz:
csv: tsv
parquet:
random: noise ~synthetic
idx: mnist
cifar: cifar10 cifar100
image_folder: images image_dataset_from_directory image_data
lmdb: ~data leveldb
hdf5: hdf5_data h5 h5py
text:
"""),
    "transforms": table("""
normalize: normalise normalization standardize standardise standard_scaler zscore
one_hot: onehot one_hot_encoder
rescale: rescaling
flip: random_horizontal_flip random_flip
crop: random_crop
"""),
}
"""By category."""

KEYS = table("""
out_features: units num_output output_dim n_out dim_out num_units out
out_features: ~hidden ~size ~features ~out_channels ~width ~neurons ~nodes
in_features: input_size in_dim
shape: ~size ~dims ~dim ~input_shape ~batch_input_shape ~target_shape
bias: use_bias bias_term
lr: learning_rate base_lr eta learning_rate_init initial_learning_rate ~rate ~alpha
eps: epsilon
dim: axis
weight_decay: weight_decay_rate ~decay ~l2 ~alpha
betas: ~beta_1 ~beta_2 ~beta1 ~beta2 ~beta
std: stddev ~sigma ~scale
gain: ~scale
low: minval ~lo ~min ~a
high: maxval ~hi ~max ~b
value: val fill ~constant
target: label_name label_column target_column
encode: encoding ~type
min: ~alpha ~eta_min
name: ~id ~label
inputs: bottom inbound_nodes ~input ~from ~reads
input: ~input_shape
activation: act activation_fn activation_function ~nonlinearity
trainable: requires_grad
init: initializer initialiser ~weight_init
batch_size: batchsize bs minibatch_size ~batch
epochs: n_epochs num_epochs max_epochs nb_epoch nb_epochs epoch
steps: max_steps num_steps n_steps iterations max_iter train_steps ~step
optimizer: optimiser optim ~solver
schedule: scheduler lr_scheduler lr_schedule learning_rate_scheduler ~lr_policy
loss: criterion loss_fn loss_function objective
train: training trainer fit
data: ~dataset ~datasets
model: net network architecture
seed: random_seed random_state rng_seed seed_everything manual_seed
type: kind class class_name ~op
layers: ~nodes ~modules ~layer
output: ~outputs ~top
vars: ~variables ~constants
blocks: ~templates
with: args ~params ~arguments
repeat: ~times ~count ~n ~n_repeat
path: file filename filepath file_path
validation: val valid dev
delimiter: sep separator delim
target: ~label ~labels ~label_col
boundaries: ~milestones ~steps
factors: ~gammas ~values
length: decay_steps ~t_max ~warmup_steps ~warmup_epochs ~total_iters
specdl: version
source: ~from
metrics: metric
label_smoothing: smoothing
evaluate_every: ~eval_every ~test_interval ~validation_freq ~check_val_every_n_epoch
checkpoint_every: ~save_every ~snapshot ~save_freq
drop_last: drop_remainder
name: ~run_name
""")
"""Foreign keys, and what they may mean."""

NOT_HERE: Mapping[str, str] = {
    "in_features": "leave `in_features` out: it is the size of what the layer reads",
    "in_channels": "leave `in_channels` out: it is the size of what the layer reads",
    "input_dim": "leave `input_dim` out: `model.input` says what one sample looks like",
    "input_shape": "leave `input_shape` out: `model.input` says what one sample looks like",
    "batch_input_shape": "leave `batch_input_shape` out: `model.input` says what one sample looks like",
    "top": "leave `top` out: what a layer makes is called as the layer is",
    "input_features": "`data.source` says which columns are read, and `model.input` their shape",
    "output_features": "`data.target` says what is learnt, and `loss` what is minimised",
    "combiner": "layers that read several `inputs` join them, as `concat` does",
    "preprocessing": "write it as `data.transforms`",
    "callbacks": "`train` has `evaluate_every`, `checkpoint_every` and `keep`",
    "solver_param": "write it as `optimizer`, `schedule` and `train`",
    "net_param": "write it as `model`",
    "compile": "write `optimizer`, `loss` and `metrics` at the top of the spec",
    "type": "leave `type` out: there is one kind only",
    "kernel_regularizer": "write `weight_decay` in `optimizer`",
    "validation_split": 'write `split` in `data`, as in "split": {"validation": 0.1}',
    "steps_per_epoch": "an epoch is all of the data once; `train.steps` counts steps",
    "device": "say it on the command line: --device cpu",
    "shuffle_buffer": "`data.shuffle` alone shuffles all of the data",
}
"""What to do about keys that specdl has no word for, because it needs none or says it elsewhere."""

WRAPPERS = (
    "config", "kwargs", "params", "options", "inner_product_param", "args", "arguments", "init_args",
)  # fmt: skip
"""Keys under which others write the options of a type; here they stand beside it."""

NEEDLESS = ("in_features", "in_channels", "top", "type")
"""Those of them that can be taken away and nothing else."""

LAYERS_NOT_HERE: Mapping[str, str] = {
    "input": "declare it as `model.input`",
    "inputlayer": "declare it as `model.input`",
    "data": "declare it as `data.source`",
    "activation": 'write the activation itself as the type, as in {"type": "relu"}',
    "sequential": "write its layers themselves: they follow one another as they stand",
    "softmaxwithloss": 'write it as `loss`: {"type": "cross_entropy"}',
}
"""What to do about layers of others that are none here, by their names without case and joints."""

INITS: Mapping[str, str] = {
    "kernel_initializer": "weight",
    "weight_filler": "weight",
    "bias_initializer": "bias",
    "bias_filler": "bias",
}
"""Keys that others have for the start of one parameter, and the parameter."""
