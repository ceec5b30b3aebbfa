/* What stands for GnuTLS in the static rs-serve, which speaks no TLS: libmicrohttpd calls this much of it whatever it is
 * asked for. The rest ends the program (see pipelines/package/static). */
int gnutls_global_init(void);
void gnutls_global_deinit(void);

int gnutls_global_init(void) {
    return 0;
}

void gnutls_global_deinit(void) {
}
