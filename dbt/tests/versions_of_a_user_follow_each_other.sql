{#
    Without gap or overlap, numbered from 1, each different from the one before, the last one
    current.
#}
with

versions as (
    select
        person_key,
        version,
        level,
        account_status,
        valid_from,
        valid_to,
        is_current,
        lead(version) over (
            partition by person_key
            order by valid_from
        ) as next_version,
        lead(valid_from) over (
            partition by person_key
            order by valid_from
        ) as next_valid_from,
        lead(level) over (
            partition by person_key
            order by valid_from
        ) as next_level,
        lead(account_status) over (
            partition by person_key
            order by valid_from
        ) as next_account_status,
        row_number() over (
            partition by person_key
            order by valid_from
        ) as place
    from {{ ref('dim_user') }}
)

select *
from versions
where
    version <> place
    or is_current <> (next_version is null)
    or valid_to <> next_valid_from
    or (
        next_version is not null
        and coalesce(level, '') = coalesce(next_level, '')
        and account_status = next_account_status
    )
