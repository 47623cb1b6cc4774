/*
 * One run at a time on a target: a lease in the table vecferry_lease, taken by compare and swap, by the server's clock.
 *
 * Each transaction that loads rows renews it, and is refused when another run has taken it over meanwhile; other steps rely on it while it is fresh. It is given back at the end; what a killed run left is taken over when it has run
 * out, or at once when the process that held it was on this machine and is gone.
 */
#ifndef VF_ENGINE_TURSO_LOCK_H
#define VF_ENGINE_TURSO_LOCK_H

#include "engine/turso/conn.h"

enum vf_status vf_turso_lock(struct vf_conn *conn, const char *holder, struct vf_error *err) VF_CHECKED;
void vf_turso_unlock(struct vf_conn *conn);
/* Begin a transaction, and in it, by the same request, let the lease last for VF_TURSO_LEASE_S from now. VF_LOCKED: it isn't ours any more. Only with a lease. */
enum vf_status vf_turso_begin_renewing(struct vf_turso_conn *conn, const char *begin, struct vf_error *err) VF_CHECKED;
/* Before a step that stands for itself: the lease shall last for so long at least, VF_TURSO_LEASE_S or VF_TURSO_LONG_LEASE_S. The server isn't asked when that was said a moment ago: nobody else gets it
 * before. VF_OK without a lease. */
enum vf_status vf_turso_rely_on_lease(struct vf_turso_conn *conn, int64_t seconds, struct vf_error *err) VF_CHECKED;

#define VF_TURSO_LEASE_S      300
#define VF_TURSO_FRESH_S      30    /* less than VF_TURSO_LEASE_S by more than a step lasts that isn't long */
#define VF_TURSO_LONG_LEASE_S 86400 /* while an index is built, in one statement */

#endif
