/*
 * strings.h - items that are strings: what a config without encode and decode selects.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_STRINGS_H
#define WEIR_NATS_STRINGS_H

#include <weir/nats.h>

/* Sets encode, decode and drop, if the config has none. */
void weir__nats_strings(weir_nats_config *config);

#endif /* WEIR_NATS_STRINGS_H */
