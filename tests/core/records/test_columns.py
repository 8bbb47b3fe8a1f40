"""The contract's columns, in its order, and the page that explains them."""

from __future__ import annotations

from smjax.core.records.column import OVER, Column
from smjax.core.records.columns import COLUMN_NAMES, COLUMNS
from smjax.core.records.pages import columns_page

CONTRACT = """
status engine kernel isa model arch cpu os threads ctx n_prompt n_gen tokens_per_dispatch replicates samples
decode_tok_per_s decode_tok_per_s_lo decode_tok_per_s_hi e2e_tok_per_s prefill_tok_per_s ttft_ms ttft_ms_lo ttft_ms_hi
itl_ms_p50 itl_ms_p90 itl_ms_p99 peak_rss_mb load_s compile_s cold_start_s rss_growth_bytes_per_token
tok_per_s_per_core tok_per_s_per_ghz_per_core cycles_per_token scaling_efficiency bytes_per_token gb_per_s roofline
provenance flags host jaxlib smjax kv_dtype steady_rss_mb weight_mb date
decode_tok_per_s_best itl_ms_per_1000_tokens energy_j_per_token processes_disturbed processes_repeated identity
sustained_tok_per_s sustained_tok_per_s_lo sustained_tok_per_s_hi tpot_ms itl_ms_p99_lo itl_ms_p99_hi
cores machine run label roofline_lo roofline_hi bandwidth_level dram_gb_per_s anon_mb file_mb states
no_interval_reason
engine_args forward_tok_per_s agreement passes_tok_per_s repetitions_spread
engine_version python packages
op shape cache call_us call_us_lo call_us_hi loop_us loop_us_lo loop_us_hi gflop_per_s op_gb_per_s peak_share
bandwidth_share temp_bytes growth_bytes_per_1000_calls nmse intensity attainable_gflop_per_s
"""


def test_the_columns_are_the_contract_s() -> None:
    assert list(COLUMN_NAMES) == CONTRACT.split()


def test_every_column_says_what_it_means() -> None:
    assert all(column.meaning and column.kind in ("text", "int", "float") for column in COLUMNS)
    assert all(column.unit for column in COLUMNS if column.kind != "text")
    assert all(column.over in OVER and column.source for column in COLUMNS)


def test_a_page_says_of_a_column_what_its_entry_says() -> None:
    added = Column("swap_mb", "float", "MB", "reading", "memory.swap_bytes or memory.swap", 1e6, meaning="swapped out")
    row = "| `swap_mb` | MB | swapped out | `memory.swap_bytes` or `memory.swap` / 1000000 | median over processes |"
    assert row in columns_page([*COLUMNS, added]).splitlines()
