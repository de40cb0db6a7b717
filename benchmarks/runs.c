/* Single runs as plain loops: one update after the other, and all of it recorded as `simulate`
   does it: path, losses, gradients and the state after each update. A run ends where it has
   diverged. Each returns the updates done. */

#include <math.h>

#define BIG 1e6

static inline void quadratic(double x, double y, const double *params, double *loss, double *gx,
                             double *gy) {
    double scale = params[0], condition = params[1], c = params[2], s = params[3];
    double u = c * x + s * y, v = c * y - s * x;
    *loss = 0.5 * scale * (u * u + condition * v * v);
    *gx = scale * (c * u - s * condition * v);
    *gy = scale * (s * u + c * condition * v);
}

static inline void rosenbrock(double x, double y, const double *params, double *loss, double *gx,
                              double *gy) {
    double b = params[0], off = y - x * x;
    *loss = (1 - x) * (1 - x) + b * off * off;
    *gx = -2 * (1 - x) - 4 * b * x * off;
    *gy = 2 * b * off;
}

static inline void himmelblau(double x, double y, const double *params, double *loss, double *gx,
                              double *gy) {
    double u = x * x + y - 11, v = x + y * y - 7;
    *loss = u * u + v * v;
    *gx = 4 * x * u + 2 * v;
    *gy = 2 * u + 4 * y * v;
}

static inline void sgd(int t, const double *g, double lr, const double *hyper, double *state,
                       double *step) {
    for (int i = 0; i < 2; i++)
        step[i] = -lr * g[i];
}

static inline void momentum(int t, const double *g, double lr, const double *hyper, double *state,
                            double *step) {
    for (int i = 0; i < 2; i++) {
        state[i] = hyper[0] * state[i] + g[i];
        step[i] = -lr * state[i];
    }
}

static inline void adam(int t, const double *g, double lr, const double *hyper, double *state,
                        double *step) {
    double beta1 = hyper[0], beta2 = hyper[1], eps = hyper[2];
    double correction1 = 1 - pow(beta1, t), root = sqrt(1 - pow(beta2, t));
    for (int i = 0; i < 2; i++) {
        double m = beta1 * state[i] + (1 - beta1) * g[i];
        double v = beta2 * state[2 + i] + (1 - beta2) * g[i] * g[i];
        state[i] = m;
        state[2 + i] = v;
        step[i] = -(lr / correction1) * m / (sqrt(v) / root + eps);
    }
}

#define RUN(surface, rule, rows)                                                                  \
    int surface##_##rule(int steps, const double *params, const double *lr, const double *hyper,  \
                         double *path, double *loss, double *gradient, double *states) {          \
        double x = path[0], y = path[1], g[2], step[2], state[2 * rows + 1];                      \
        for (int i = 0; i < 2 * rows; i++)                                                        \
            state[i] = 0;                                                                         \
        for (int k = 0;; k++) {                                                                   \
            surface(x, y, params, &loss[k], &g[0], &g[1]);                                        \
            path[2 * k] = x;                                                                      \
            path[2 * k + 1] = y;                                                                  \
            if (!(fabs(x) <= BIG && fabs(y) <= BIG && isfinite(loss[k])) || k == steps)           \
                return k;                                                                         \
            gradient[2 * k] = g[0];                                                               \
            gradient[2 * k + 1] = g[1];                                                           \
            rule(k + 1, g, lr[k], hyper, state, step);                                            \
            for (int i = 0; i < 2 * rows; i++)                                                    \
                states[2 * rows * k + i] = state[i];                                              \
            x += step[0];                                                                         \
            y += step[1];                                                                         \
        }                                                                                         \
    }

#define RULES(surface) RUN(surface, sgd, 0) RUN(surface, momentum, 1) RUN(surface, adam, 2)
RULES(quadratic)
RULES(rosenbrock)
RULES(himmelblau)
