"""What README 07 has the learner look at on the page of the cluster's master."""

from playwright.sync_api import expect


def the_workers(spark_master):
    """The worker that was killed is DEAD, and as many as there were are ALIVE."""
    states = spark_master.locator("table").first.get_by_role("row")
    expect(states.filter(has_text="DEAD").first).to_be_visible()
    expect(states.filter(has_text="ALIVE")).to_have_count(2)


def the_job(spark_master):
    """The lesson's application has ended well."""
    row = spark_master.get_by_role("row").filter(has_text="07_scale").first
    expect(row).to_contain_text("FINISHED")
