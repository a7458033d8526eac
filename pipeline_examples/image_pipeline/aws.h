/*
 * aws.h - credentials for Amazon's web services, and for stores with the same interface.
 *
 * They come from the environment or from a file. They are on no command line, because other users can read those, and
 * in no message.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_AWS_H
#define IMAGE_PIPELINE_AWS_H

#include <stdbool.h>

struct aws_credentials {
    char *key, *secret;
    char *token; /* NULL for long-term credentials */
};

/*
 * Takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment. Without the first two, takes
 * the profile AWS_PROFILE, or "default", of the file AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials. On failure
 * prints a message and returns false. aws_forget must be called in either case.
 */
bool aws_find_credentials(struct aws_credentials *credentials);
void aws_forget(struct aws_credentials *credentials);

/* Returns AWS_REGION or AWS_DEFAULT_REGION of the environment; "us-east-1" without them. */
const char *aws_region(void);

#endif /* IMAGE_PIPELINE_AWS_H */
