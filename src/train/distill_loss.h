// Distillation: how far a network is from another one that teaches it, on the same pictures, as a
// number with a gradient. Teacher and student may have other kinds of heads: both are read as
// Predictions, on the strides that both have.
//
// Response. z_s and z_t score logits of a class that both know, T the temperature, w the teacher's
// largest score of these at a place (of z_t, without T), and 0 where that is below 0.1 (what it
// does not find worth it), W = max(1, the sum of all w):
//   class  0.5 T^2 / W * sum over places and classes of KL(y, sigma(z_s / T)), y = sigma(z_t / T);
//          KL(y, p) = y ln(y / p) + (1 - y) ln((1 - y) / (1 - p)): the binary cross-entropy less
//          what of it no student can avoid. Over all places, as losses of labels are: that nothing
//          is there is learned, too.
//   box    where both have distributions of as many bins (Li et al. 2020, arXiv 2006.04388), p_t
//   and
//          p_s their softmax at T:
//          1.5 T^2 / W * sum over places of w * the mean over four sides of sum p_t ln(p_t / p_s)
//          else 7.5 / W * sum over places of w * (1 - CIoU), whatever T is          (overlap.h)
// Where the two have not the same anchors, the teacher's opinion of a cell is that of its anchor
// with the largest score, and it goes to that anchor k of the student's whose box overlaps best,
// where it counts with w; the others are taught y times IoU_k / IoU_best, and no box.
//
// Feature: CWD (Shu et al. 2021, arXiv 2011.13256). F_s and F_t maps of C channels, phi the softmax
// over the positions i of a channel at temperature T:
//   feature  T^2 / C * the mean over pictures of the sum over channels and positions of
//            phi(F_t) ln(phi(F_t) / phi(F_s)), summed over scales
//
// Masked: MGD (Yang et al. 2022, arXiv 2205.01529). M (N, 1, H, W) is 0 at 65 % of the places,
// drawn anew for each batch, else 1; G a 3x3 convolution, ReLU, and a 3x3 convolution that learn
// with the student ("generator"):
//   masked   2e-5 * the mean over pictures of the sum over channels and positions of
//            (F_t - G(F_s M))^2, summed over scales
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ir/ops/head.h"
#include "train/loss.h"

namespace shrike::train {

// The first the student's, the second the teacher's.
using Pairs = std::vector<std::pair<int64_t, int64_t>>;

// Scales of the same stride.
Pairs shared_scales(const Head& student, const Head& teacher);

struct ResponseValue {
  at::Tensor classes, box;  // weighted as above
};

// `classes`: those that both know, at least one. No gradient goes to the teacher. Throws as
// LibTorch does.
ResponseValue response_loss(const Head& student, std::span<const at::Tensor> maps,
                            const Head& teacher, std::span<const at::Tensor> teacher_maps,
                            const Pairs& classes, double temperature, const LossOptions& options);

// Of one scale: maps (N, C, H, W) of the same shape.
at::Tensor feature_loss(const at::Tensor& student, const at::Tensor& teacher, double temperature);

struct Generator {
  at::Tensor first_weight, first_bias, second_weight, second_bias;  // (C, C, 3, 3) and (C)
};

// A function of the seed alone. Throws as LibTorch does.
at::Tensor random_mask(int64_t pictures, int64_t height, int64_t width, uint64_t seed);

// Of one scale, shapes as above.
at::Tensor masked_loss(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask,
                       const Generator& generator);

}  // namespace shrike::train
