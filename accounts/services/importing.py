"""People and their roles as the membership system exports them, brought in as sets instead of one at a time.

The caller has a temporary table `feed_users` (line, email, name, pga_id, role, partner_ids, language), checked: addresses
in lower case and once each and nobody's at the operator, partners and locations that exist and belong together. All runs in
the caller's transaction.

The feed names people anew who belong to its partner alone and whom no directory provisions: others are not this partner's to
name.

The feed is heard when it says something new. Its latest role for a member is what it said last: a role that an admin ended or
narrowed by hand stays so until the feed changes. A role that the partner's directory gives stays the directory's. Who is
suspended gets no role.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from accounts.roles import PartnerRole
from incentives_portal.core import audit, request_ids

# Which rows are about somebody new, or say something else than the portal has of the person.
COMPARE = """
ALTER TABLE feed_users ADD COLUMN IF NOT EXISTS outcome text NOT NULL DEFAULT 'unchanged',
    ADD COLUMN IF NOT EXISTS renames boolean NOT NULL DEFAULT false, ADD COLUMN IF NOT EXISTS joins_as uuid;
UPDATE feed_users f SET outcome = CASE WHEN u.id IS NULL THEN 'created' WHEN m.id IS NULL OR own.renames THEN 'updated'
        ELSE 'unchanged' END,
    renames = own.renames, joins_as = CASE WHEN m.id IS NULL THEN gen_random_uuid() END
FROM feed_users g LEFT JOIN accounts_user u ON u.email = g.email
    LEFT JOIN accounts_partner p ON p.pga_id = g.pga_id
    LEFT JOIN accounts_membership m ON m.user_id = u.id AND m.partner_id = p.id
    CROSS JOIN LATERAL (SELECT u.id IS NOT NULL AND u.name <> g.name
        AND NOT EXISTS (SELECT FROM accounts_membership a WHERE a.user_id = u.id AND a.partner_id <> p.id)
        AND NOT EXISTS (SELECT FROM accounts_directoryperson d WHERE d.membership_id = m.id AND d.is_provisioned)
    ) AS own (renames)
WHERE g.line = f.line AND (m.id IS NULL OR own.renames);
"""
# A password that no text hashes to, as Django writes it. Language is the person's own choice from then on.
PEOPLE = """
INSERT INTO accounts_user (id, email, name, language, password, is_active, is_staff, is_superuser)
SELECT gen_random_uuid(), f.email, f.name, f.language, '!' || replace(gen_random_uuid()::text, '-', ''), true, false, false
FROM feed_users f WHERE f.outcome = 'created' ORDER BY f.email ON CONFLICT (email) DO NOTHING;
UPDATE accounts_user u SET name = f.name FROM feed_users f WHERE u.email = f.email AND f.renames;
INSERT INTO accounts_membership (id, user_id, partner_id)
SELECT f.joins_as, u.id, p.id
FROM feed_users f JOIN accounts_user u ON u.email = f.email JOIN accounts_partner p ON p.pga_id = f.pga_id
WHERE f.joins_as IS NOT NULL ORDER BY f.email ON CONFLICT (user_id, partner_id) DO NOTHING;
"""
# The scope of a role as one value: empty for the entire organization, else its locations in order.
HELD = """
DROP TABLE IF EXISTS pg_temp.held_roles;
CREATE TEMP TABLE held_roles ON COMMIT DROP AS
SELECT r.membership_id, r.role, r.ended_at IS NULL AS in_force, r.origin, r.granted_at,
    ARRAY(SELECT s.location_id FROM accounts_rolelocation s WHERE s.assignment_id = r.id ORDER BY s.location_id) AS scope
FROM feed_users f JOIN accounts_user u ON u.email = f.email JOIN accounts_partner p ON p.pga_id = f.pga_id
    JOIN accounts_membership m ON m.user_id = u.id AND m.partner_id = p.id
    JOIN accounts_roleassignment r ON r.membership_id = m.id AND r.role = f.role;
CREATE INDEX ON held_roles (membership_id);
ANALYZE held_roles;
"""
WANTED = """
DROP TABLE IF EXISTS pg_temp.feed_roles;
CREATE TEMP TABLE feed_roles ON COMMIT DROP AS
WITH wanted AS (
    SELECT f.line, m.id AS membership_id, m.partner_id, f.role,
        ARRAY(SELECT l.id FROM accounts_location l WHERE l.mpn_id = ANY (f.partner_ids) ORDER BY l.id) AS scope
    FROM feed_users f JOIN accounts_user u ON u.email = f.email JOIN accounts_partner p ON p.pga_id = f.pga_id
        JOIN accounts_membership m ON m.user_id = u.id AND m.partner_id = p.id
    WHERE m.suspended_at IS NULL AND u.is_active
)
SELECT gen_random_uuid() AS id, w.* FROM wanted w
WHERE NOT EXISTS (SELECT FROM held_roles h WHERE h.membership_id = w.membership_id AND h.in_force AND h.scope = w.scope)
    AND NOT EXISTS (SELECT FROM held_roles h WHERE h.membership_id = w.membership_id AND h.in_force AND h.origin = 'directory')
    AND w.scope IS DISTINCT FROM (
        SELECT h.scope FROM held_roles h WHERE h.membership_id = w.membership_id AND h.origin = 'feed' ORDER BY h.granted_at DESC LIMIT 1
    );
CREATE INDEX ON feed_roles (membership_id);
ANALYZE feed_roles;
"""
# The role takes the place of what it was before, and of the roles that the feed gave the member earlier.
REPLACE = """
DROP TABLE IF EXISTS pg_temp.ended_roles;
SELECT FROM accounts_partner WHERE id IN (SELECT partner_id FROM feed_roles) ORDER BY id FOR NO KEY UPDATE;
CREATE TEMP TABLE ended_roles ON COMMIT DROP AS
SELECT r.id, r.partner_id, r.role, f.line, f.id AS by_id FROM accounts_roleassignment r JOIN feed_roles f USING (membership_id)
WHERE r.ended_at IS NULL AND (r.role = f.role OR r.origin = 'feed');
UPDATE accounts_roleassignment SET ended_at = portal_now() WHERE id IN (SELECT id FROM ended_roles);
INSERT INTO accounts_roleassignment (id, membership_id, partner_id, role, entire_organization, program_codes, origin)
SELECT id, membership_id, partner_id, role, scope = '{}', '{}', 'feed' FROM feed_roles;
INSERT INTO accounts_rolelocation (assignment_id, location_id, partner_id)
SELECT f.id, s.location_id, f.partner_id FROM feed_roles f CROSS JOIN unnest(f.scope) AS s (location_id);
UPDATE feed_users SET outcome = 'updated' FROM feed_roles r WHERE r.line = feed_users.line AND outcome = 'unchanged';
"""
# Rule OPS-3: who came and who got which role, as a partner's admins read it. The one place beside `audit.record` that writes
# entries, since a feed may change a hundred thousand roles.
RECORD_JOINED = """
INSERT INTO core_auditentry (actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, after, request_id)
SELECT %(kind)s, %(name)s, m.partner_id, 'member_added', 'accounts.membership', m.id,
    left(coalesce(nullif(u.name, ''), u.email) || ' – ' || p.legal_name, 300), jsonb_build_object('person', u.email), %(request)s
FROM feed_users f JOIN accounts_membership m ON m.id = f.joins_as JOIN accounts_user u ON u.id = m.user_id
    JOIN accounts_partner p ON p.id = m.partner_id ORDER BY f.line;
"""
RECORD = """
INSERT INTO core_auditentry
    (actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, before, after, request_id)
SELECT %(kind)s, %(name)s, f.partner_id, CASE WHEN e.id IS NULL THEN 'role_assigned' ELSE 'role_changed' END,
    'accounts.roleassignment', f.id, f.role,
    CASE WHEN e.id IS NOT NULL THEN jsonb_build_object('person', u.email, 'role', e.role) END, jsonb_build_object(
        'member', f.membership_id, 'person', u.email, 'role', f.role,
        'entire_organization', f.scope = '{}', 'locations', u.partner_ids, 'programs', '[]'::jsonb, 'expires_on', NULL
    ), %(request)s
FROM feed_roles f JOIN feed_users u ON u.line = f.line LEFT JOIN ended_roles e ON e.by_id = f.id AND e.role = f.role
ORDER BY f.line;
"""
RECORD_ENDED = """
INSERT INTO core_auditentry
    (actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, before, request_id)
SELECT %(kind)s, %(name)s, e.partner_id, 'role_ended', 'accounts.roleassignment', e.id, e.role,
    jsonb_build_object('person', u.email, 'role', e.role), %(request)s
FROM ended_roles e JOIN feed_roles f ON f.id = e.by_id AND f.role <> e.role JOIN feed_users u ON u.line = f.line ORDER BY e.line
"""
# Rule ACC-4: where the import ended the role of a global admin, and no active one without an expiry date is left.
WITHOUT_GLOBAL_ADMIN = """
SELECT min(e.line), p.pga_id FROM ended_roles e JOIN accounts_partner p ON p.id = e.partner_id
WHERE e.role = 'global_admin' AND NOT EXISTS (
    SELECT FROM accounts_roleassignment r
        JOIN accounts_membership m ON m.id = r.membership_id JOIN accounts_user u ON u.id = m.user_id
    WHERE r.partner_id = e.partner_id AND r.role = 'global_admin' AND r.ended_at IS NULL AND r.expires_on IS NULL
        AND m.suspended_at IS NULL AND u.is_active
) GROUP BY p.pga_id ORDER BY 1
"""
NEW_ADMINS = "SELECT id FROM feed_roles WHERE role = %s AND partner_id = ANY (%s) ORDER BY line"


@dataclass(frozen=True, slots=True)
class PeopleImported:
    """What became of the rows.

    `without_global_admin` are lines and PGA IDs where the feed demotes a partner's last global admin: the caller must then
    undo the import.
    """

    created: int
    updated: int
    without_global_admin: tuple[tuple[int, str], ...]


def import_people(*, by: audit.By) -> PeopleImported:
    """Brings `feed_users` in: people, memberships and roles, each role change with its audit entry."""
    with connection.cursor() as cursor:
        for statement in (COMPARE, PEOPLE, HELD, WANTED, REPLACE):
            cursor.execute(statement)
        for statement in (RECORD_JOINED, RECORD, RECORD_ENDED):
            cursor.execute(statement, {"kind": by.kind, "name": by.name[:200], "request": request_ids.current()})
        cursor.execute(WITHOUT_GLOBAL_ADMIN)
        without = tuple(cursor.fetchall())
        cursor.execute(
            "SELECT count(*) FILTER (WHERE outcome = 'created'), count(*) FILTER (WHERE outcome = 'updated') FROM feed_users"
        )
        created, updated = cursor.fetchone()
    return PeopleImported(created, updated, without)


def new_incentives_admins(partner_ids: Collection[UUID]) -> list[UUID]:
    """Of the roles that this transaction's `import_people` gave, the ids of incentives admins of these partners."""
    with connection.cursor() as cursor:
        cursor.execute(NEW_ADMINS, [PartnerRole.INCENTIVES_ADMIN.value, list(partner_ids)])
        return [assignment_id for (assignment_id,) in cursor.fetchall()]
