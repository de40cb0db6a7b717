// Stochastic gradient descent on samples (u, v, t), the way one writes it: for data.py.
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LINEAR, LOGISTIC, HIDDEN };

// Adds loss and gradient of one sample.
static inline void sample(int kind, double x, double y, const double *s, double *sum) {
    if (kind == LINEAR) {
        double e = x * s[0] + y * s[1] - s[2];
        sum[0] += e * e / 2, sum[1] += e * s[0], sum[2] += e * s[1];
    } else if (kind == LOGISTIC) {
        double z = s[2] * (x * s[0] + y * s[1]), p = exp(-fabs(z));
        double d = -s[2] * (z > 0 ? p / (1 + p) : 1 / (1 + p));
        sum[0] += fmax(-z, 0) + log1p(p), sum[1] += d * s[0], sum[2] += d * s[1];
    } else {
        double h = tanh(y * s[0]), e = x * h - s[2];
        sum[0] += e * e / 2, sum[1] += e * h, sum[2] += e * x * s[0] * (1 - h * h);
    }
}

// `order` holds the samples of all epochs one after the other. `path` (steps + 1, 2) begins with the
// start.
static inline void one(int kind, const double *data, const int32_t *order, int samples, int size,
                       int steps, double lr, double *path, double *loss) {
    int begin = 0, end = samples;
    for (int k = 0; k < steps; k++) {
        int last = begin + size < end ? begin + size : end;
        double sum[3] = {0, 0, 0}, x = path[0], y = path[1];
        for (int j = begin; j < last; j++) sample(kind, x, y, data + 3 * order[j], sum);
        int count = last - begin;
        loss[k] = sum[0] / count;
        path[2] = x - lr * (sum[1] / count), path[3] = y - lr * (sum[2] / count), path += 2;
        begin = last;
        if (begin == end) end += samples;
    }
}

void run(int kind, const double *data, const int32_t *order, int samples, int size, int steps,
         double lr, double *path, double *loss) {
    if (kind == LINEAR) one(LINEAR, data, order, samples, size, steps, lr, path, loss);
    else if (kind == LOGISTIC) one(LOGISTIC, data, order, samples, size, steps, lr, path, loss);
    else one(HIDDEN, data, order, samples, size, steps, lr, path, loss);
}

// Every rate with every seed; `orders` (seeds, samples x epochs), `ends` (rates, seeds, 3): the last
// position, and the loss of all samples there.
void sweep(int kind, const double *data, const int32_t *orders, int samples, int size, int steps,
           int seeds, int width, const double *lr, int rates, double x, double y, double *ends) {
#pragma omp parallel for schedule(dynamic) collapse(2)
    for (int i = 0; i < rates; i++)
        for (int s = 0; s < seeds; s++) {
            double path[2 * (steps + 1)], loss[steps];
            path[0] = x, path[1] = y;
            run(kind, data, orders + (long)s * width, samples, size, steps, lr[i], path, loss);
            double *end = ends + 3 * ((long)i * seeds + s), sum[3] = {0, 0, 0};
            memcpy(end, path + 2 * steps, 2 * sizeof(double));
            for (int j = 0; j < samples; j++) sample(kind, end[0], end[1], data + 3 * j, sum);
            end[2] = sum[0] / samples;
        }
}
