/* Half precision: IEEE 754 binary16 kept as uint16_t, converted by integer arithmetic, which every
 * processor has and compilers vectorise. */
#ifndef RS_GIBBS_HALF_H
#define RS_GIBBS_HALF_H

#include <stdint.h>
#include <string.h>

/* The nearest half, ties to even; what is too large becomes the largest. */
static inline uint16_t rs_gibbs_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7bff);
    if (magnitude < 0x38800000) { /* subnormal: adding 1/2 leaves units of 2^-24 at the end */
        float shifted;
        memcpy(&shifted, &magnitude, 4);
        shifted += 0.5f;
        memcpy(&magnitude, &shifted, 4);
        return (uint16_t)(sign | (magnitude - 0x3f000000));
    }
    magnitude += 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (magnitude - 0x38000000) >> 13);
}

static inline float rs_gibbs_from_half(uint16_t half) {
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    float value;
    memcpy(&value, &bits, 4);
    value *= 0x1p112f;
    memcpy(&bits, &value, 4);
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, 4);
    return value;
}

#endif
