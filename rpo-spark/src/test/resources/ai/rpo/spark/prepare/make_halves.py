"""Makes halves.parquet: a pair beside a column of half-precision numbers, a type that Parquet got in 2024. Run with pyarrow 15 or later."""
import pyarrow as pa
import pyarrow.parquet as pq

pair = {name: pa.array([name[0]]) for name in ("prompt", "chosen", "rejected")}
halves = pa.array([[0.5]], pa.list_(pa.float16()))
pq.write_table(pa.table({**pair, "extra": halves}), "halves.parquet", compression="none")
