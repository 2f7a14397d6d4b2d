"""A Scrapy item pipeline that asks a running `unspam serve` about each article.

    # settings.py
    ITEM_PIPELINES = {"scrapy_pipeline.UnspamPipeline": 300}
    UNSPAM_URL = "http://127.0.0.1:8787"   # the service
    UNSPAM_TOKEN = None                    # its token, if it has one
    UNSPAM_FIELD = "text"                  # the field that holds the article
    UNSPAM_TIMEOUT = 5                     # seconds for one try
    UNSPAM_FAIL = "closed"                 # "open" lets items pass that could not be judged
    # The delay between pages is for the sites, not for the service.
    DOWNLOAD_SLOTS = {"unspam": {"concurrency": 16, "delay": 0}}

Rejected items are dropped; those to be reviewed pass with `unspam_review` set; all others pass
with the cleaned text. The request goes through Scrapy's own downloader and blocks nothing.
"""

import asyncio
import json

from itemadapter import ItemAdapter
from scrapy import Request
from scrapy.exceptions import DropItem
from scrapy.utils.defer import maybe_deferred_to_future

TRIES = 4


class UnspamPipeline:
    def __init__(self, crawler):
        settings = crawler.settings
        self.crawler = crawler
        self.url = settings.get("UNSPAM_URL", "http://127.0.0.1:8787") + "/v1/clean"
        self.token = settings.get("UNSPAM_TOKEN")
        self.field = settings.get("UNSPAM_FIELD", "text")
        self.timeout = settings.getfloat("UNSPAM_TIMEOUT", 5)
        self.fail_open = settings.get("UNSPAM_FAIL", "closed") == "open"

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_item(self, item, spider=None):
        article = ItemAdapter(item)
        text = article.get(self.field)
        if not text:
            return item
        try:
            answer = await self.ask(text)
        except Exception as error:  # whatever it was, there is no verdict
            self.crawler.stats.inc_value("unspam/not_judged")
            if self.fail_open:
                return item
            raise DropItem(f"not judged: {error}") from error
        self.crawler.stats.inc_value(f"unspam/{answer['outcome']}")
        if answer["outcome"] == "reject":
            raise DropItem(f"unspam: {answer['because']}")
        if answer["outcome"] == "review":
            article["unspam_review"] = answer["because"]
        else:
            article[self.field] = answer["text"]
        return item

    async def ask(self, text):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for attempt in range(TRIES):
            request = Request(
                self.url,
                method="POST",
                headers=headers,
                body=json.dumps({"text": text}),
                dont_filter=True,
                # What is done to pages is not done to this request: robots.txt, retries, the
                # cache, and a proxy, which has no business with the text.
                meta={"download_timeout": self.timeout, "dont_retry": True, "dont_obey_robotstxt": True,
                      "dont_cache": True, "proxy": None, "download_slot": "unspam",
                      "autothrottle_dont_adjust_delay": True, "handle_httpstatus_all": True},
            )
            response = await self.download(request)
            if response.status == 200:
                return json.loads(response.body)
            if response.status not in (429, 503):
                break
            # The service has said when to come again.
            await asyncio.sleep(int(response.headers.get("Retry-After", b"1")) * (attempt + 1))
        raise RuntimeError(f"the service answers with status {response.status}")

    async def download(self, request):
        engine = self.crawler.engine
        if hasattr(engine, "download_async"):
            return await engine.download_async(request)
        return await maybe_deferred_to_future(engine.download(request))
