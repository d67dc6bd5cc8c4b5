with

dim_song as (
    select * from {{ ref('dim_song') }}
),

final as (
    select
        cast(artist_key as {{ dbt.type_string() }}) as artist_key,
        cast(min(artist_name) as {{ dbt.type_string() }}) as artist_name,
        cast(
            count(case when song_key <> {{ unknown_key() }} then 1 end)
            as bigint
        ) as song_count
    from dim_song
    group by artist_key
)

select * from final
