"""A ticket's tags are words of its search row: a list by tag costs what a search costs, however rare the tag."""

from alembic import op

revision = "0027"
down_revision = "0026"

WORDS = """
    -- No word that somebody writes holds a tilde, so none is ever taken for a tag. Before it stands the organization's
    -- mark, as before every word.
    create function tag_word(organization_id uuid, tag_id uuid) returns text language sql immutable parallel safe
    return right(replace(organization_id::text, '-', ''), 8) || '~' || replace(tag_id::text, '-', '');

    -- By the key, always: while very many tickets come in at once, the planner still takes these tables for small ones.
    create function wear_tag() returns trigger language plpgsql set enable_seqscan = off as $$
    begin
        update ticket_search
        set document = document || array_to_tsvector(array[tag_word(new.organization_id, new.tag_id)]),
            public_document = public_document || array_to_tsvector(array[tag_word(new.organization_id, new.tag_id)])
        where organization_id = new.organization_id and ticket_id = new.ticket_id;
        return null;
    end
    $$;
    create trigger wear_tag after insert on ticket_tags for each row execute function wear_tag();

    create function take_off_tag() returns trigger language plpgsql set enable_seqscan = off as $$
    begin
        -- A tag that is gone altogether is asked for by nobody: its word may stay in some ten thousand rows.
        if exists (select 1 from tags where organization_id = old.organization_id and id = old.tag_id) then
            update ticket_search
            set document = ts_delete(document, tag_word(old.organization_id, old.tag_id)),
                public_document = ts_delete(public_document, tag_word(old.organization_id, old.tag_id))
            where organization_id = old.organization_id and ticket_id = old.ticket_id;
        end if;
        return null;
    end
    $$;
    create trigger take_off_tag after delete on ticket_tags for each row execute function take_off_tag();

    create function words_of_tags() returns trigger language plpgsql set enable_seqscan = off as $$
    declare
        worn tsvector := (
            select array_to_tsvector(array_agg(tag_word(organization_id, tag_id)))
            from ticket_tags
            where organization_id = new.organization_id and ticket_id = new.ticket_id
        );
    begin
        if worn is not null then
            new.document := new.document || worn;
            new.public_document := new.public_document || worn;
        end if;
        return new;
    end
    $$;
    create trigger words_of_tags before insert on ticket_search for each row execute function words_of_tags();
"""
FILLING = """
    do $$
    declare
        organizations uuid[];
        organization uuid;
    begin
        -- The owner stands behind the walls as everyone does; the doorkeeper sees whose rows there are.
        set local role parlour_doorkeeper;
        select array_agg(distinct organization_id) into organizations from ticket_search;
        reset role;
        foreach organization in array coalesce(organizations, '{}') loop
            perform set_config('parlour.organization_id', organization::text, true);
            update ticket_search s
            set document = s.document || worn.words, public_document = s.public_document || worn.words
            from (
                select ticket_id, array_to_tsvector(array_agg(tag_word(organization_id, tag_id))) as words
                from ticket_tags
                group by ticket_id
            ) worn
            where s.organization_id = organization and s.ticket_id = worn.ticket_id;
        end loop;
        perform set_config('parlour.organization_id', '', true);
    end
    $$;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WORDS)
    op.execute(FILLING)
