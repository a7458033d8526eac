/*
 * connect.c - Implements the connections.
 *
 * A lost connection is made again without end. What is published while it is down would be kept by libnats and sent
 * later; puts look first, so that little is.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "connect.h"

#include "clock.h"
#include "mailbox.h"
#include "pull.h"
#include "reason.h"
#include "room.h"

#include <stdlib.h>
#include <string.h>

enum { RECONNECT_MS = 100, JITTER_MS = 50, URLS_MOST = 32, PING_MS = 2000 };

static void callback_began(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    nats->callbacks++;
    pthread_mutex_unlock(&nats->lock);
}

static void callback_ended(void *handle) {
    weir_nats *nats = handle;
    pthread_mutex_lock(&nats->lock);
    nats->callbacks--;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
}

/* libnats calls it in a thread of its own, and `reconnected` later. */
static void lost(natsConnection *connection, void *handle) {
    (void)connection;
    weir__nats_room_forget(handle);
}

static void reconnected(natsConnection *connection, void *handle) {
    weir_nats *nats = handle;
    if (connection == nats->prompt) /* the news of a new leader may not have come */
        weir__nats_room_elected(nats);
    weir__nats_pull_again(nats);
    pthread_mutex_lock(&nats->lock);
    nats->connects += connection == nats->prompt;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
}

/* The last function that libnats calls for a connection: no `reconnected` comes after it. */
static void closed(natsConnection *connection, void *handle) {
    (void)connection;
    callback_ended(handle);
}

/* Without it, libnats prints to the standard error. News and acknowledgements are of use, and not needed (room.c). */
static void note_error(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *handle) {
    const char *text = nats_GetLastError(NULL); /* libnats sets it in this thread, for this call */
    (void)connection;
    (void)subscription;
    if (status != NATS_NOT_PERMITTED || text == NULL)
        return;
    bool listens = strstr(text, "Subscription") != NULL;
    if (!listens || (strstr(text, "$JS.EVENT.") == NULL && strstr(text, "$JS.ACK.") == NULL))
        weir__nats_refused(handle, text);
}

static natsStatus set_servers(natsOptions *options, char *urls) {
    const char *servers[URLS_MOST];
    int count = 0;
    char *rest = NULL;
    for (char *url = strtok_r(urls, ", ", &rest); url != NULL && count < URLS_MOST; url = strtok_r(NULL, ", ", &rest))
        servers[count++] = url;
    return count == 0 ? NATS_ADDRESS_MISSING : natsOptions_SetServers(options, servers, count);
}

static bool wants_tls(const weir_nats_config *config) {
    return config->ca_file != NULL || config->certificate_file != NULL || strncmp(config->urls, "tls:", 4) == 0 ||
           strstr(config->urls, ",tls:") != NULL || strstr(config->urls, " tls:") != NULL;
}

static natsStatus set_tls(natsOptions *options, const weir_nats_config *config) {
    if (!wants_tls(config))
        return NATS_OK;
    natsStatus status = natsOptions_SetSecure(options, true);
    if (status == NATS_OK && config->ca_file != NULL)
        status = natsOptions_LoadCATrustedCertificates(options, config->ca_file);
    if (status == NATS_OK && config->certificate_file != NULL)
        status = natsOptions_LoadCertificatesChain(options, config->certificate_file, config->private_key_file);
    return status == NATS_OK ? NATS_OK : NATS_SSL_ERROR;
}

static natsStatus set_user(natsOptions *options, const weir_nats_config *config) {
    natsStatus status = NATS_OK;
    if (config->user != NULL)
        status = natsOptions_SetUserInfo(options, config->user, config->password == NULL ? "" : config->password);
    if (status == NATS_OK && config->token != NULL)
        status = natsOptions_SetToken(options, config->token);
    if (status == NATS_OK && config->credentials != NULL)
        status = natsOptions_SetUserCredentialsFromFiles(options, config->credentials, NULL);
    return status;
}

static natsStatus set_reconnects(weir_nats *nats, natsOptions *options) {
    natsStatus status = natsOptions_SetMaxReconnect(options, INT32_MAX);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectWait(options, RECONNECT_MS);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectJitter(options, JITTER_MS, JITTER_MS);
    if (status == NATS_OK)
        status = natsOptions_SetDisconnectedCB(options, lost, nats);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectedCB(options, reconnected, nats);
    if (status == NATS_OK)
        status = natsOptions_SetClosedCB(options, closed, nats);
    if (status == NATS_OK)
        status = natsOptions_SetErrorHandler(options, note_error, nats);
    if (status == NATS_OK)
        status = natsOptions_SetPingInterval(options, PING_MS);
    return status;
}

static natsStatus set_options(weir_nats *nats, natsOptions *options, bool prompt) {
    char *urls = strdup(nats->config.urls);
    natsStatus status = urls == NULL ? NATS_NO_MEMORY : set_servers(options, urls);
    free(urls);
    if (status == NATS_OK)
        status = set_user(options, &nats->config);
    if (status == NATS_OK)
        status = set_tls(options, &nats->config);
    if (status == NATS_OK)
        status = set_reconnects(nats, options);
    if (status == NATS_OK)
        status = natsOptions_SetTimeout(options, weir__nats_milliseconds(nats->config.timeout));
    if (status == NATS_OK) /* otherwise a send blocks without an end while the server reads nothing */
        status = natsOptions_SetWriteDeadline(options, weir__nats_milliseconds(nats->config.timeout));
    if (status == NATS_OK)
        status = natsOptions_SetSendAsap(options, prompt);
    if (status == NATS_OK)
        status = natsOptions_SetFailRequestsOnDisconnect(options, true);
    if (status == NATS_OK)
        status = natsOptions_SetName(options, nats->stream);
    return status;
}

static natsStatus connect_one(weir_nats *nats, natsConnection **connection, bool prompt) {
    natsOptions *options = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = set_options(nats, options, prompt);
    if (status == NATS_OK)
        status = natsConnection_Connect(connection, options);
    if (status == NATS_OK)
        callback_began(nats);
    natsOptions_Destroy(options);
    return status;
}

/*
 * Returns whether the server has ended the connection before its first answer. By TLS 1.3, that is how a client learns
 * that the server does not accept its certificate.
 */
static bool ended_early(natsStatus status, const char *text) {
    return status == NATS_CONNECTION_CLOSED || (status == NATS_PROTOCOL_ERROR && strstr(text, "got ''") != NULL) ||
           (status == NATS_IO_ERROR && strstr(text, "SSL_") != NULL);
}

static weir_status fail_to_connect(weir_nats *nats, natsStatus status) {
    const weir_nats_config *config = &nats->config;
    const char *text = nats_GetLastError(NULL) == NULL ? "" : nats_GetLastError(NULL);
    if (status == NATS_SECURE_CONNECTION_WANTED)
        return weir__nats_fail(nats, WEIR_TLS, "cannot connect: the server has no TLS");
    if (ended_early(status, text) && wants_tls(config))
        return weir__nats_fail(nats, WEIR_TLS,
                               "cannot connect: the server ended the connection after the TLS handshake; "
                               "it may require another certificate of this program");
    if (ended_early(status, text))
        return weir__nats_fail(nats, WEIR_DISCONNECTED, "cannot connect: the server ended the connection");
    if (config->credentials != NULL && strstr(text, config->credentials) != NULL)
        return weir__nats_fail(nats, WEIR_AUTH, "cannot connect: %s", weir__nats_without_place(text));
    return weir__nats_fail_as(nats, status, 0, "cannot connect", NULL);
}

weir_status weir__nats_connect(weir_nats *nats) {
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = weir__nats_milliseconds(nats->config.timeout);
    natsStatus status = connect_one(nats, &nats->prompt, true);
    if (status == NATS_OK)
        status = connect_one(nats, &nats->bulk, false);
    if (status == NATS_OK)
        status = natsConnection_JetStream(&nats->js, nats->prompt, &options);
    if (status == NATS_OK)
        return WEIR_OK;
    return fail_to_connect(nats, status);
}

natsStatus weir__nats_subscribe(weir_nats *nats, natsSubscription **subscription, natsConnection *connection,
                                const char *subject, const char *group, natsMsgHandler function) {
    natsStatus status = group == NULL
                            ? natsConnection_Subscribe(subscription, connection, subject, function, nats)
                            : natsConnection_QueueSubscribe(subscription, connection, subject, group, function, nats);
    if (status != NATS_OK)
        return status;
    natsSubscription_SetPendingLimits(*subscription, -1, -1);
    callback_began(nats);
    status = natsSubscription_SetOnCompleteCB(*subscription, callback_ended, nats);
    if (status != NATS_OK)
        callback_ended(nats);
    return status;
}

static void close_one(natsConnection *connection, uint64_t patience) {
    if (connection == NULL)
        return;
    if (weir__nats_connected(connection))
        natsConnection_FlushTimeout(connection, weir__nats_milliseconds(patience));
    natsConnection_Close(connection);
}

void weir__nats_disconnect(weir_nats *nats) {
    close_one(nats->bulk, nats->config.timeout);
    close_one(nats->prompt, nats->config.timeout);
    weir__nats_mailboxes_free(nats);
    natsSubscription_Destroy(nats->answers);
    natsSubscription_Destroy(nats->arrivals);
    natsSubscription_Destroy(nats->acks);
    natsSubscription_Destroy(nats->elected);
    pthread_mutex_lock(&nats->lock);
    while (nats->callbacks > 0)
        pthread_cond_wait(&nats->changed, &nats->lock);
    pthread_mutex_unlock(&nats->lock);
    jsCtx_Destroy(nats->js);
    natsConnection_Destroy(nats->prompt);
    natsConnection_Destroy(nats->bulk);
}

bool weir__nats_connected(natsConnection *connection) {
    return natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED;
}
