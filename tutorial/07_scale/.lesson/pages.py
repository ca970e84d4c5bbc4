"""What lesson 07's reference shows on the page of the cluster's master, after deeper/lost_worker.py."""

from playwright.sync_api import expect


def the_workers(spark_master):
    """The killed worker is DEAD, and there are two workers that are ALIVE."""
    states = spark_master.locator("table").first.get_by_role("row")
    expect(states.filter(has_text="DEAD").first).to_be_visible()
    expect(states.filter(has_text="ALIVE")).to_have_count(2)


def the_job(spark_master):
    """The job in which the worker was killed has finished."""
    row = spark_master.get_by_role("row").filter(has_text="07_scale lost_worker").first
    expect(row).to_contain_text("FINISHED")
