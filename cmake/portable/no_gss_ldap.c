/* Debian's static libpq wants GSSAPI and LDAP, of which there are no static libraries. The package's programs do without: a server that
 * asks for GSSAPI is refused, and a service file's ldap:// is not followed. Linked into the package's programs only. */
#include <stddef.h>
#include <stdint.h>

/* GSS_S_UNAVAILABLE (RFC 2744, 3.9.1). */
#define GSS(name) \
  uint32_t name(void) { return 16u << 16; }
GSS(gss_acquire_cred)
GSS(gss_delete_sec_context)
GSS(gss_display_status)
GSS(gss_import_name)
GSS(gss_init_sec_context)
GSS(gss_release_buffer)
GSS(gss_release_cred)
GSS(gss_release_name)
GSS(gss_unwrap)
GSS(gss_wrap)
GSS(gss_wrap_size_limit)
void *GSS_C_NT_HOSTBASED_SERVICE, *GSS_C_NT_USER_NAME;

/* libpq gives up where this has nothing; the others are never called then. */
void *ldap_init(void) { return NULL; }
const char *ldap_err2string(void) { return "no LDAP in this program"; }
#define LDAP(name) \
  int name(void) { return -1; }
LDAP(ldap_count_entries)
LDAP(ldap_msgfree)
LDAP(ldap_result)
LDAP(ldap_search_st)
LDAP(ldap_set_option)
LDAP(ldap_simple_bind)
LDAP(ldap_unbind)
LDAP(ldap_value_free_len)
void *ldap_first_entry(void) { return NULL; }
void *ldap_get_values_len(void) { return NULL; }
