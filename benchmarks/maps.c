/* The maps as plain loops: one cell after the other, one update after the other. */

#include <math.h>

/* Momentum on Rosenbrock's valley from one start; a run ends where it has diverged. */
void momentum(int cells, int steps, double b, double x0, double y0, const double *lr,
              const double *mu, double *end) {
#pragma omp parallel for schedule(dynamic, 64)
    for (int i = 0; i < cells; i++) {
        double x = x0, y = y0, vx = 0, vy = 0;
        for (int k = 0; k < steps; k++) {
            double off = y - x * x;
            double loss = (1 - x) * (1 - x) + b * off * off;
            if (!(fabs(x) <= 1e6 && fabs(y) <= 1e6 && isfinite(loss)))
                break;
            vx = mu[i] * vx + (-2 * (1 - x) - 4 * b * x * off);
            vy = mu[i] * vy + 2 * b * off;
            x -= lr[i] * vx;
            y -= lr[i] * vy;
        }
        end[2 * i] = x;
        end[2 * i + 1] = y;
    }
}

/* Gradient descent on Himmelblau's function; a run ends where it no longer moves. */
void descent(int cells, int steps, double lr, const double *start, double *end) {
#pragma omp parallel for schedule(dynamic, 64)
    for (int i = 0; i < cells; i++) {
        double x = start[2 * i], y = start[2 * i + 1];
        for (int k = 0; k < steps; k++) {
            double u = x * x + y - 11, v = x + y * y - 7;
            double new_x = x - lr * (4 * x * u + 2 * v);
            double new_y = y - lr * (2 * u + 4 * y * v);
            if (new_x == x && new_y == y)
                break;
            x = new_x;
            y = new_y;
        }
        end[2 * i] = x;
        end[2 * i + 1] = y;
    }
}

/* Momentum on Himmelblau's function. */
void ball(int cells, int steps, double lr, double mu, const double *start, double *end) {
#pragma omp parallel for schedule(dynamic, 64)
    for (int i = 0; i < cells; i++) {
        double x = start[2 * i], y = start[2 * i + 1], vx = 0, vy = 0;
        for (int k = 0; k < steps; k++) {
            double u = x * x + y - 11, v = x + y * y - 7;
            vx = mu * vx + (4 * x * u + 2 * v);
            vy = mu * vy + (2 * u + 4 * y * v);
            x -= lr * vx;
            y -= lr * vy;
        }
        end[2 * i] = x;
        end[2 * i + 1] = y;
    }
}

/* Adam on Himmelblau's function, the bias corrections computed once for all cells. */
void adam(int cells, int steps, double lr, double beta1, double beta2, double eps,
          const double *correction1, const double *correction2, const double *start,
          double *end) {
#pragma omp parallel for schedule(dynamic, 64)
    for (int i = 0; i < cells; i++) {
        double x = start[2 * i], y = start[2 * i + 1];
        double mx = 0, my = 0, vx = 0, vy = 0;
        for (int k = 0; k < steps; k++) {
            double u = x * x + y - 11, v = x + y * y - 7;
            double gx = 4 * x * u + 2 * v, gy = 2 * u + 4 * y * v;
            double rate = lr / correction1[k], root = sqrt(correction2[k]);
            mx = beta1 * mx + (1 - beta1) * gx;
            my = beta1 * my + (1 - beta1) * gy;
            vx = beta2 * vx + (1 - beta2) * gx * gx;
            vy = beta2 * vy + (1 - beta2) * gy * gy;
            x -= rate * mx / (sqrt(vx) / root + eps);
            y -= rate * my / (sqrt(vy) / root + eps);
        }
        end[2 * i] = x;
        end[2 * i + 1] = y;
    }
}
