/* What a generated function is, and where its products find the BLAS.

   Pasted in after the vector functions, which define `real` and `i64`. */

typedef void nest_fn(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch);
typedef void numbers_fn(double lr, double t, double samples, real *s);
typedef void sgemm_fn(const char *transa, const char *transb, const int *m, const int *n, const int *k,
                      const float *alpha, const float *a, const int *lda, const float *b, const int *ldb,
                      const float *beta, float *c, const int *ldc);
typedef void dgemm_fn(const char *transa, const char *transb, const int *m, const int *n, const int *k,
                      const double *alpha, const double *a, const int *lda, const double *b, const int *ldb,
                      const double *beta, double *c, const int *ldc);

static sgemm_fn *SGEMM __attribute__((unused));
static dgemm_fn *DGEMM __attribute__((unused));

/* Where the products find the BLAS; null where there is none. */
void specdl_blas(void *sgemm, void *dgemm)
{
    SGEMM = (sgemm_fn *)sgemm;
    DGEMM = (dgemm_fn *)dgemm;
}
