/*
 * settings.h - checks a config and copies it into a handle, with the defaults.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_SETTINGS_H
#define WEIR_NATS_SETTINGS_H

#include "handle.h"

/* Sets the config of a handle of zeros. Returns WEIR_OK, WEIR_INVALID with a message in `nats`, or WEIR_NOMEM. */
weir_status weir__nats_settings(weir_nats *nats, const weir_nats_config *config);

void weir__nats_settings_free(weir_nats *nats);

#endif /* WEIR_NATS_SETTINGS_H */
