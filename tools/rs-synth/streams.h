/* What randomness is drawn for: the first number of every stream's name (see random.h). */
#ifndef SYNTH_STREAMS_H
#define SYNTH_STREAMS_H

enum {
    STREAM_ACTIVITY = 1,
    STREAM_FOUND,
    STREAM_APPEAR,
    STREAM_ARRIVAL,
    STREAM_ITEM,
    STREAM_USER,
    STREAM_IDS,
    STREAM_CONTEXT,
    STREAM_CONTEXT_ITEM,
    STREAM_HISTORY,
    STREAM_SIDE,
    STREAM_ORDER,
    STREAM_SHUFFLE,
    STREAM_KEEP,
    STREAM_SPECTRUM,
};

#endif
